"""Features of one set of generated images to all of its scores."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics import (
    assign_to_modes,
    auth_pct,
    c2st,
    clipped_density_coverage,
    closest_pairs,
    data_copying,
    frechet_by_type,
    frechet_distance,
    frechet_infinity,
    gan_test,
    gan_train,
    high_quality_share,
    kernel_distance,
    memorisation,
    modes_covered,
    modes_reverse_kl,
    prdc,
    type_agreement,
    type_divergence,
    type_shares,
    vendi,
)

Features = npt.NDArray[np.float32]
Types = npt.NDArray[np.int64]
Real = Mapping[str, npt.NDArray[Any]]
Told = Callable[[str], object]
"""Called with the names of what is computed next, for whoever waits."""
GOOD_WITHIN = 3  # deviations of a mode


class Attempts:
    """Computes metrics; where one cannot be computed its scores are None and `missing` says why.

    Args:
        told: called with the names of the scores before they are computed.
    """

    def __init__(self, told: Told | None = None) -> None:
        self.missing: dict[str, str] = {}
        self._told = told

    def __call__(self, names: str, metric: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """What the metric returns, by name. `names` are those of its scores, apart by spaces."""
        if self._told is not None:
            self._told(names)
        try:
            result = metric(*arguments)
        except ValueError as reason:
            return self.none(names, str(reason))
        return result if isinstance(result, dict) else {names: result}

    def none(self, names: str, reason: str) -> dict[str, Any]:
        """None for each name, with the reason."""
        self.missing |= dict.fromkeys(names.split(), reason)
        return dict.fromkeys(names.split())


def score_features(
    *,
    fake: Features,
    asked: Types | None,
    recognised: Types,
    real: Real,
    n_types: int,
    told: Told | None = None,
    nouns: str = "images",
) -> dict[str, Any]:
    """All scores of N generated images against N held-out real ones.

    Args:
        fake: (N, d) features. asked: (N,) the types asked of the generator; None where it takes no
            types. recognised: (N,) the types that the judge sees.
        real: `<split>_features` (N, d) and `<split>_types` (N,) of the splits test (what scores
            are measured against), train (what may have been copied) and validation (floors).
        n_types: K. told: called with the names of the scores that come next.
        nouns: what samples are called.

    Returns:
        `scores`, `p_values`, `c2st`, `closest`, `per_type` and `missing` as they stand in
        `scores.json`. A score that cannot be computed is None, and `missing` gives the reason.
    """
    attempt = Attempts(told)
    test, train = real["test_features"], real["train_features"]
    copied = attempt("memorisation", memorisation, fake, train, test)
    apart = attempt("c2st", c2st, test, fake)
    scores = {
        **attempt("fd", frechet_distance, test, fake),
        **attempt("fd_infinity", frechet_infinity, test, fake),
        **attempt("kid", kernel_distance, test, fake),
        **attempt("precision recall density coverage", prdc, test, fake),
        **attempt("clipped_density clipped_coverage", clipped_density_coverage, test, fake),
        **attempt("vendi vendi_ratio", _vendi_beside_real, test, fake),
        **type_divergence(real["test_types"], recognised, n_types),
        **_type_scores(attempt, fake, asked, recognised, real),
        "c2st": apart.get("accuracy"),
        "memorisation": copied.get("share"),
        **attempt("auth_pct", auth_pct, fake, train),
        **attempt("c_t", data_copying, fake, train, test),
    }
    return {
        "scores": scores,
        "p_values": {
            "memorisation": copied.get("p_swap"),
            "memorisation_exact": copied.get("p"),
            "c2st": apart.get("p"),
        },
        "c2st": {name: apart.get(name) for name in ("low", "high", "detectable", "n")},
        "closest": attempt("closest", closest_pairs, fake, train, test)["closest"],
        "per_type": _per_type(attempt, fake, asked, recognised, real, n_types, nouns),
        "missing": attempt.missing,
    }


def score_second(fake: Features, real: Features, told: Told | None = None) -> dict[str, Any]:
    """The scores of a second judge: N generated images against N real ones, in its features (N, d).

    Returns:
        `scores`, those that need features alone, and `missing`, as `score_features` does.
    """
    attempt = Attempts(told)
    scores = {
        **attempt("fd", frechet_distance, real, fake),
        **attempt("kid", kernel_distance, real, fake),
        **attempt("precision recall density coverage", prdc, real, fake),
    }
    return {"scores": scores, "missing": attempt.missing}


def score_modes(
    samples: npt.NDArray[Any], modes: Mapping[str, Any], told: Told | None = None
) -> dict[str, Any]:
    """How N generated samples lie about modes that are known, by PacGAN's protocol.

    A sample within three deviations of a centre is of high quality, and a mode is covered where
    there is one. The divergence counts every sample for the mode that is nearest.

    Args:
        samples: (N, d), stored. modes: `centres` (m, d), `deviation`, `shares` (m,).

    Returns:
        `scores` and `missing`, as `score_features` does.
    """
    attempt = Attempts(told)
    names = "modes_covered high_quality_share modes_kl"
    return {"scores": attempt(names, _about_modes, samples, modes), "missing": attempt.missing}


def _about_modes(samples: npt.NDArray[Any], modes: Mapping[str, Any]) -> dict[str, float]:
    centres = np.array(modes["centres"])
    good = assign_to_modes(samples, centres, GOOD_WITHIN * modes["deviation"])
    every = assign_to_modes(samples, centres, np.inf)
    return {
        "modes_covered": modes_covered(good, len(centres)),
        "high_quality_share": high_quality_share(good),
        "modes_kl": modes_reverse_kl(every, np.array(modes["shares"])),
    }


def _vendi_beside_real(test: Features, fake: Features) -> dict[str, float]:
    own = vendi(fake)
    return {"vendi": own, "vendi_ratio": own / vendi(test)}


def _type_scores(
    attempt: Attempts, fake: Features, asked: Types | None, recognised: Types, real: Real
) -> dict[str, Any]:
    if asked is None:
        return attempt.none("type_agreement gan_train gan_test", "the generator takes no types")
    train, test = ((real[f"{name}_features"], real[f"{name}_types"]) for name in ("train", "test"))
    return {
        "type_agreement": type_agreement(asked, recognised),
        **attempt("gan_train", gan_train, fake, asked, *test),
        **attempt("gan_test", gan_test, *train, fake, asked),
    }


def _per_type(
    attempt: Attempts,
    fake: Features,
    asked: Types | None,
    recognised: Types,
    real: Real,
    n_types: int,
    nouns: str,
) -> dict[str, Any]:
    """Lists (K,): shares, purity (`agreement`), and the Fréchet distance beside its floor."""
    test, wanted = real["test_features"], real["test_types"]
    made = fake, recognised if asked is None else asked
    held_out = real["validation_features"], real["validation_types"]
    per_type: dict[str, Any] = {
        "share": type_shares(recognised, n_types).tolist(),
        "real_share": type_shares(wanted, n_types).tolist(),
        "fd": attempt("per_type_fd", frechet_by_type, test, wanted, *made, n_types)["per_type_fd"],
        "fd_floor": frechet_by_type(test, wanted, *held_out, n_types),
    }
    few = [str(k) for k, distance in enumerate(per_type["fd"] or []) if distance is None]
    if few:
        attempt.none("per_type_fd", f"fewer than 2 {nouns} of type {', '.join(few)}")
    if asked is not None:
        per_type["agreement"] = [
            float((recognised[asked == k] == k).mean()) if (asked == k).any() else None
            for k in range(n_types)
        ]
    return per_type
