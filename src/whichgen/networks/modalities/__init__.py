"""The networks of each modality: one file per modality, one entry per modality in MODALITIES."""

from collections.abc import Mapping
from typing import Any

from whichgen.forms import DEFAULT, choose, form_of
from whichgen.networks.modalities.images import Images
from whichgen.networks.modalities.modality import Augment, Modality
from whichgen.networks.modalities.points import Points

__all__ = ["MODALITIES", "Augment", "Modality", "modality_of"]

MODALITIES: dict[str, type[Modality]] = {"image": Images, "points": Points}
"""The allow-list: the names that a dataset may give as its modality."""


def modality_of(info: Mapping[str, Any]) -> Modality:
    """What networks must know of the samples that an `info.json`, or a cell's record, describes.

    Raises:
        WhichgenError: if their modality is not known.
    """
    return choose(MODALITIES, info.get("modality", DEFAULT))(form_of(info))
