"""Have the raw data moved away from the packed data that the models were trained on?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whichgen.datasets.packed_data import UNKNOWN, Features, Mask, PackedData, Types
from whichgen.datasets.two_sample import energy_test
from whichgen.errors import WhichgenError
from whichgen.parameters import DriftOptions, Parameters
from whichgen.splits import content_hashes

if TYPE_CHECKING:
    from whichgen.sources import LabelledImages

Measured = tuple[float, float] | tuple[None, None]
"""A difference and its p-value, or neither."""
NOT_MEASURED: tuple[None, None] = (None, None)


@dataclass(frozen=True)
class Drift:
    """How far the raw data are from the packed ones.

    Attributes:
        new: raw images that were not packed (by their pixels), or not with this label.
        distance, p_value: the energy coefficient, 0 to 1, between images that were not packed and
            the validation split, in the judge's features, and its p-value; 0 and 1 where fewer
            than 2 images are new.
        shares, shares_p: the total variation, 0 to 1, between the shares of the types among all
            raw images and among the packed ones, and the p-value of a χ² test; None without labels.
        disagreement, disagreement_p: by how much more often the judge sees another type than the
            label says among `new` than in the validation split, and the one-sided p-value of
            Fisher's exact test; None without labels, or with no such image of a known type.
        reasons: what counts as drift by the configuration's thresholds, a phrase each.
    """

    new: int
    distance: float
    p_value: float
    shares: float | None
    shares_p: float | None
    disagreement: float | None
    disagreement_p: float | None
    reasons: tuple[str, ...]

    @property
    def drifted(self) -> bool:
        """Whether anything counts as drift."""
        return bool(self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """For a JSON record."""
        return asdict(self) | {"reasons": list(self.reasons), "drifted": self.drifted}


def measure_drift(project: Path, dataset: str, parameters: Parameters) -> Drift:
    """Compare the raw data of the dataset, as they lie there now, with the packed ones.

    New images are set against the validation split, because a judge sees the images it was fitted
    to with other eyes. At most `drift.images` of either are compared, drawn by `drift.seed`.

    Args:
        project: its folder.

    Raises:
        WhichgenError: if the data are not packed or have no judge, or if the raw ones can't be
            read or have another shape than the packed ones.
    """
    from whichgen.sources import load_source

    packed = PackedData(project, dataset)
    configured = parameters.datasets[dataset]
    source, form = configured.source, packed.form
    folder = project / "data/01_raw" / dataset
    raw = load_source(source.name, folder, source.arguments(), configured.modality)
    if raw.images.shape[1:] != form.shape or (raw.labels is not None) != packed.labelled:
        found, wanted = form.words(raw.images.shape[1:]), form.words(form.shape)
        raise WhichgenError(
            f"data/01_raw/{dataset}: {found}{_typed(raw.labels is not None)}, but "
            f"packed were {wanted}{_typed(packed.labelled)}; if that is meant, run: kedro run "
            f"--pipelines=data,extractor --params dataset={dataset}"
        )
    return compare_with_packed(raw, packed, parameters.drift)


def compare_with_packed(raw: LabelledImages, packed: PackedData, options: DriftOptions) -> Drift:
    """What `measure_drift` says of these raw images, of the same shape as the packed ones."""
    types = packed.types_of(raw)
    unpacked, relabelled = packed.find_new(raw, types)
    new = unpacked | relabelled
    chosen = _draw(new, options)
    distance, p_value = 0.0, 1.0
    labels: Measured = NOT_MEASURED
    if len(chosen):
        features, recognised = packed.judge(raw.images[chosen])
        held_out, held_types = packed.validation(options.images)
        held_features, held_recognised = packed.judge(held_out)
        distance, p_value = _compare_features(features[unpacked[chosen]], held_features, options)
        known = types[chosen] != UNKNOWN
        wrong = (recognised != types[chosen])[known]
        labels = _compare_errors(wrong, held_recognised != held_types)
    shares = _compare_shares(types, packed.counts()) if packed.labelled else NOT_MEASURED
    measured = (
        ("images differ, in the judge's features,", distance, p_value, options.distance),
        ("shares of the types differ", *shares, options.shares),
        ("labels are contradicted by the judge more often", *labels, options.disagreement),
    )
    moved = (
        f"{what} by {value:.3g} (p = {p:.2g})"
        for what, value, p, least in measured
        if value is not None and p is not None and value > least and p < options.p_value
    )
    return Drift(
        new=int(new.sum()),
        distance=distance,
        p_value=p_value,
        shares=shares[0],
        shares_p=shares[1],
        disagreement=labels[0],
        disagreement_p=labels[1],
        reasons=(*_changed_types(raw, packed), *moved),
    )


def compare_versions(
    before: LabelledImages, after: LabelledImages, packed: PackedData, options: DriftOptions
) -> tuple[float, float]:
    """Energy coefficient and p-value between the images that came in and all there were before.

    0 and 1 where fewer than 2 came in.
    """
    there = set(content_hashes(before.images))
    new = np.array([content not in there for content in content_hashes(after.images)])
    chosen = _draw(new, options)
    if len(chosen) < 2:
        return 0.0, 1.0
    former = before.images[_draw(np.ones(len(before.images), np.bool_), options)]
    sets = (packed.judge(images)[0] for images in (after.images[chosen], former))
    return energy_test(*sets, permutations=options.permutations, seed=options.seed)


def _draw(among: Mask, options: DriftOptions) -> Types:
    """At most so many of the rows that `among` (N,) marks, drawn by the seed, in rising order."""
    rows = np.flatnonzero(among)
    rng = np.random.default_rng(options.seed)
    return np.sort(rng.permutation(rows)[: options.images])


def _compare_features(
    new: Features, held_out: Features, options: DriftOptions
) -> tuple[float, float]:
    if len(new) < 2:
        return 0.0, 1.0
    return energy_test(new, held_out, permutations=options.permutations, seed=options.seed)


def _compare_shares(types: Types, packed: Types) -> tuple[float, float]:
    """Total variation between shares of types (N,) and counts (K,), and p of a χ² test."""
    from scipy.stats import chi2_contingency

    now = np.bincount(np.where(types == UNKNOWN, len(packed), types), minlength=len(packed) + 1)
    table = np.stack([now, np.append(packed, 0)])
    table = table[:, table.any(axis=0)]
    shares = table / table.sum(axis=1, keepdims=True)
    variation = float(np.abs(shares[0] - shares[1]).sum() / 2)
    return variation, float(chi2_contingency(table).pvalue)


def _compare_errors(new: Mask, held_out: Mask) -> Measured:
    """By how much more often the judge errs among new images, and p of Fisher's exact test."""
    from scipy.stats import fisher_exact

    if not len(new):
        return NOT_MEASURED
    table = [[each.sum(), (~each).sum()] for each in (new, held_out)]
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    return float(new.mean() - held_out.mean()), p_value


def _changed_types(raw: LabelledImages, packed: PackedData) -> Iterator[str]:
    if raw.type_names is None:
        return
    for what, names, others in (
        ("new", raw.type_names, packed.type_names),
        ("gone", packed.type_names, raw.type_names),
    ):
        missing = [name for name in names if name not in others]
        if missing:
            yield f"{what} types: {', '.join(missing)}"


def _typed(labelled: bool) -> str:
    return f", with{'' if labelled else 'out'} types"
