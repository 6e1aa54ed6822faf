"""Are new raw data fit to be trained on? Each reason against it is a sentence with the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whichgen.parameters import Retraining, Strict

if TYPE_CHECKING:
    from whichgen.datasets.drift import Drift
    from whichgen.sources import LabelledImages

INPUTS = Path("data/05_model_input")


class Known(Strict):
    """The data of the last training.

    Attributes:
        types: the names. labelled: whether they are labels, not clusters. images: how many.
    """

    types: tuple[str, ...]
    labelled: bool
    images: int


def known_data(project: Path, dataset: str) -> Known | None:
    """What is packed of the dataset; None if nothing is yet."""
    path = project / INPUTS / dataset / "info.json"
    if not path.is_file():
        return None
    info = json.loads(path.read_text())
    return Known(
        types=tuple(info["types"]["names"]),
        labelled=info["labelled"],
        images=sum(info["counts"].values()),
    )


def find_faults(images: LabelledImages, known: Known | None, options: Retraining) -> list[str]:
    """Every reason to refuse the images of a source, which could all be read; none: they are fit.

    Args:
        known: the data of the last training, None if there was none.
    """
    faults = list(_few(images, options))
    if known is not None:
        faults += _against_known(images, known, options)
    return faults


def _few(images: LabelledImages, options: Retraining) -> Iterator[str]:
    """Types with too few images."""
    if images.labels is None or images.type_names is None:
        return
    counts = np.bincount(images.labels, minlength=len(images.type_names))
    for name, count in zip(images.type_names, counts, strict=True):
        if count < options.images_per_type:
            yield (
                f"type '{name}' has {count} images, retraining.images_per_type is "
                f"{options.images_per_type}; add some"
            )


def _against_known(images: LabelledImages, known: Known, options: Retraining) -> Iterator[str]:
    if (images.labels is not None) != known.labelled:
        now, before = ("has", "had none") if not known.labelled else ("has no", "had them")
        yield f"the data {now} labels, the last training's {before}; keep one form"
    elif known.labelled and images.type_names is not None:
        gone = [name for name in known.types if name not in images.type_names]
        new = [name for name in images.type_names if name not in known.types]
        if gone:
            yield f"no images of type {', '.join(gone)}, which the champion makes; bring them back"
        if new and not options.new_types:
            yield (
                f"unknown type {', '.join(new)}; remove it, or set retraining.new_types: true "
                "if it is meant"
            )
    if len(images.images) < options.least_share * known.images:
        yield (
            f"{len(images.images)} images, {known.images} the last time, "
            f"retraining.least_share is {options.least_share:g}; bring back what is missing"
        )


def find_wrong_labels(drift: Drift, options: Retraining) -> list[str]:
    """The reason to refuse new images whose labels the judge contradicts too often, or none."""
    more, p_value = drift.disagreement, drift.disagreement_p
    if more is None or p_value is None or more <= options.mislabelled or p_value > SURELY:
        return []
    return [
        f"the judge contradicts the labels of new images {more:.0%} more often than before, "
        f"retraining.mislabelled is {options.mislabelled:g}; mend the labels, or raise it if "
        "the images themselves have changed that much"
    ]


SURELY = 0.01
"""Below this p-value, labels are contradicted more often not by chance."""
