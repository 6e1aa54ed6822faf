"""Where images come from: one file per source, one entry per source in SOURCES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path
from types import MappingProxyType

from whichgen.errors import WhichgenError
from whichgen.sources import digits, fashion_mnist, image_folder, stacked
from whichgen.sources.images import LabelledImages

__all__ = ["SOURCES", "LabelledImages", "load_source"]

SOURCES: Mapping[str, Callable[..., LabelledImages]] = MappingProxyType(
    {
        "digits": digits.load,
        "fashion_mnist": fashion_mnist.load,
        "image_folder": image_folder.load,
        "stacked": stacked.load,
    }
)


def load_source(name: str, raw: Path, options: Mapping[str, object]) -> LabelledImages:
    """Loads one source.

    Args:
        name: a key of SOURCES.
        raw: the folder of the dataset's raw files; some sources need none.
        options: the keyword arguments of that source's `load`; and `labels`: false forgets the
            labels, as if there were none.

    Raises:
        WhichgenError: an unknown source, an unknown option, an option missing, or what the
            source itself finds wrong.
    """
    if name not in SOURCES:
        raise WhichgenError(f"source {name!r} is unknown; known: {', '.join(sorted(SOURCES))}")
    load, options = SOURCES[name], dict(options)
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
