"""Where samples come from: one file per source, one entry per source in SOURCES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.forms import DEFAULT, choose
from whichgen.sources import digits, fashion_mnist, image_folder, mixtures, stacked
from whichgen.sources.images import LabelledImages, Modes

__all__ = ["SOURCES", "LabelledImages", "Modes", "load_source"]

SOURCES: dict[str, Mapping[str, Callable[..., LabelledImages]]] = {
    "image": {
        "digits": digits.load,
        "fashion_mnist": fashion_mnist.load,
        "image_folder": image_folder.load,
        "stacked": stacked.load,
    },
    "points": {"ring": mixtures.ring, "grid": mixtures.grid},
}
"""The allow-list: by modality, the names that a dataset may give as its source."""


def load_source(
    name: str, raw: Path, options: Mapping[str, object], modality: str = DEFAULT
) -> LabelledImages:
    """Loads one source.

    Args:
        name: a source of that modality.
        raw: the folder of the dataset's raw files; some sources need none.
        options: the keyword arguments of that source's `load`; and `labels`: false forgets the
            labels, as if there were none.

    Raises:
        WhichgenError: an unknown modality or source, an unknown option, an option missing, or what
            the source itself finds wrong.
    """
    sources = choose(SOURCES, modality)
    if name not in sources:
        names = ", ".join(sorted(sources))
        raise WhichgenError(f"source {name!r} is unknown; known of modality {modality}: {names}")
    load, options = sources[name], dict(options)
    labelled = options.pop("labels", True)
    if not isinstance(labelled, bool):
        raise WhichgenError(f"source {name}: labels: {labelled!r} is neither true nor false")
    known = {
        key: parameter.default
        for key, parameter in signature(load).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    for key in options:
        if key not in known:
            takes = ", ".join(sorted({*known, "labels"}))
            raise WhichgenError(f"source {name}: unknown option {key!r}; it takes: {takes}")
    for key, default in known.items():
        if default is Parameter.empty and key not in options:
            raise WhichgenError(f"source {name}: option {key!r} is missing")
    images = load(raw, **options)
    return images if labelled else replace(images, labels=None, type_names=None)
