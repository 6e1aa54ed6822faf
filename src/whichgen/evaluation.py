"""Features of one set of generated images to all of its scores."""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics import (
    density_coverage,
    frechet_distance,
    kernel_distance,
    memorisation,
    precision_recall,
    type_agreement,
    type_divergence,
    type_shares,
)

Features = npt.NDArray[np.float32]
Types = npt.NDArray[np.int64]


def score_features(
    *,
    fake: Features,
    asked: Types | None,
    recognised: Types,
    real: dict[str, npt.NDArray[Any]],
    n_types: int,
) -> dict[str, Any]:
    """All scores of N generated images against N held-out real ones.

    Args:
        fake: (N, d) features. asked: (N,) the types asked of the generator; None where it takes no
            types. recognised: (N,) the types that the judge sees.
        real: `test_features` (N, d), `test_types` (N,), `train_features` (N, d).
        n_types: K.

    Returns:
        `scores`, `p_values` and `per_type` as they stand in `scores.json`.
    """
    test, wanted = real["test_features"], real["test_types"]
    copied = memorisation(fake, real["train_features"], test)
    scores = {
        "fd": frechet_distance(test, fake),
        "kid": kernel_distance(test, fake),
        **precision_recall(test, fake),
        **density_coverage(test, fake),
        **type_divergence(wanted, recognised, n_types),
        "memorisation": copied["share"],
    }
    per_type: dict[str, Any] = {
        "share": type_shares(recognised, n_types).tolist(),
        "real_share": type_shares(wanted, n_types).tolist(),
    }
    if asked is not None:
        scores["type_agreement"] = type_agreement(asked, recognised)
        per_type["agreement"] = [
            float((recognised[asked == k] == k).mean()) if (asked == k).any() else None
            for k in range(n_types)
        ]
    return {"scores": scores, "p_values": {"memorisation": copied["p_swap"]}, "per_type": per_type}
