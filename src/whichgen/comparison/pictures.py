"""Sample grids and figures as data URIs, so that the report is one file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from whichgen.comparison.cells import Cell
from whichgen.comparison.figures import INK, encode
from whichgen.grids import image_grid, magnification, png_bytes

Images = npt.NDArray[np.uint8]

INK_ON_DARK = "#c3cad3"
_SHOWN = 64
_SHOWN_PER_TYPE = 16
_COLUMNS = 8
_COLUMNS_PER_TYPE = 4
_LEGIBLE_PIXELS = 32


@dataclass(frozen=True)
class Picture:
    """A picture with its caption; ``dark`` is the version for a dark page, if another."""

    caption: str
    uri: str
    dark: str = ""


def drawing(caption: str, figure: Figure) -> Picture:
    """A figure, and the same in an ink for dark pages."""
    light = encode(figure, "svg")
    dark = light.replace(INK.encode(), INK_ON_DARK.encode())
    return Picture(caption, _uri(light, "svg+xml"), _uri(dark, "svg+xml"))


def grid(caption: str, images: Images | None) -> Picture | None:
    """The first 64 images (N, C, H, W) as they come, eight a row; None where there are none."""
    if images is None or not len(images):
        return None
    return Picture(caption, _grid_uri(images[:_SHOWN], columns=_COLUMNS))


def grids_by_type(cell: Cell, names: Sequence[str]) -> list[Picture]:
    """One grid a type, of the first 16 samples asked for as that type; none without samples."""
    if cell.samples is None or cell.sample_types is None:
        return []
    pictures = []
    for index in np.unique(cell.sample_types):
        chosen = cell.samples[cell.sample_types == index][:_SHOWN_PER_TYPE]
        name = names[index] if index < len(names) else str(index)
        pictures.append(Picture(str(name), _grid_uri(chosen, columns=_COLUMNS_PER_TYPE)))
    return pictures


def _grid_uri(images: Images, *, columns: int) -> str:
    scale = magnification(images.shape[-1], target=_LEGIBLE_PIXELS)
    columns = min(columns, len(images))
    return _uri(png_bytes(image_grid(images, columns=columns, scale=scale)), "png")


def _uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
