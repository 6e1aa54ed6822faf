"""What the samples of a dataset are: one file per modality, one entry per modality in FORMS.

A form says how samples are stored, described, shown, sent and written; it computes no network, so
that the comparison and a served model can ask it.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from whichgen.errors import WhichgenError
from whichgen.forms.form import Encoder, Form, Pixels, Samples, Stored
from whichgen.forms.images import ImageForm
from whichgen.forms.points import PointForm

__all__ = [
    "DEFAULT",
    "FORMS",
    "Encoder",
    "Form",
    "Pixels",
    "Samples",
    "Stored",
    "choose",
    "form_of",
    "measure_form",
]

Part = TypeVar("Part")

DEFAULT = "image"
"""The modality of a dataset, or of a record, that names none."""

FORMS: dict[str, type[Form]] = {"image": ImageForm, "points": PointForm}
"""The allow-list: the names that a dataset may give as its modality."""


def form_of(info: Mapping[str, Any]) -> Form:
    """The form of the samples that a dataset's `info.json`, or a cell's record of it, describes.

    Raises:
        WhichgenError: if its modality is not known.
    """
    return choose(FORMS, info.get("modality", DEFAULT))(info)


def measure_form(modality: str, training: Stored) -> dict[str, Any]:
    """What `info.json` says of the form: the modality, unless it is the default one, and sizes.

    Args:
        training: (N, *shape), the training split, from which constants are taken.

    Raises:
        WhichgenError: if the modality is not known.
    """
    named = {} if modality == DEFAULT else {"modality": modality}
    return named | choose(FORMS, modality).measure(training)


def choose(table: Mapping[str, Part], modality: str) -> Part:
    """The modality's part of a table.

    Raises:
        WhichgenError: if it has none.
    """
    if modality not in table:
        known = ", ".join(sorted(table))
        raise WhichgenError(f"modality: '{modality}' is not one of {known}")
    return table[modality]
