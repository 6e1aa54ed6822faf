"""What the generators made, as pictures that need no script: grids, walks, nearest images."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.comparison.cells import Cell
from whichgen.comparison.wording import FAMILY_NAMES
from whichgen.grids import image_grid, magnification, png_bytes, to_picture

Images = npt.NDArray[np.uint8]
Split = Mapping[str, npt.NDArray[Any]]  # `images` (N, C, H, W) uint8 and `types` (N,)

SHOWN = 64
SHOWN_PER_TYPE = 16
_COLUMNS = 8
_COLUMNS_PER_TYPE = 4
_TRIPLETS = 8
_LEGIBLE_PIXELS = 32
LOSSLESS_PIXELS = 32  # the side of colour images up to which not a pixel is changed
_QUALITY = 90  # of larger ones
_GROUND = 128  # a grey that stands back on a light and on a dark page


@dataclass(frozen=True)
class Picture:
    """A picture with its caption; ``key`` says what it shows: real, or a family."""

    caption: str
    uri: str
    key: str = ""


def grids(chosen: Mapping[str, Cell], test: Split) -> list[Picture]:
    """Real held-out images, then each chosen cell's, 64 as they come; none where there are none."""
    found = []
    if len(test.get("images", ())):
        found.append(Picture("Real, held out", _grid_uri(test["images"][:SHOWN]), "real"))
    for family, cell in chosen.items():
        if cell.samples is not None and len(cell.samples):
            found.append(Picture(title(cell), _grid_uri(cell.samples[:SHOWN]), family))
    return found


def grids_by_type(cell: Cell, names: Sequence[str]) -> list[Picture]:
    """One grid a type, of the first 16 samples asked for as that type; none without samples."""
    if cell.samples is None or cell.sample_types is None:
        return []
    pictures = []
    for index in np.unique(cell.sample_types):
        chosen = cell.samples[cell.sample_types == index][:SHOWN_PER_TYPE]
        name = names[index] if index < len(names) else str(index)
        pictures.append(Picture(str(name), _grid_uri(chosen, columns=_COLUMNS_PER_TYPE)))
    return pictures


def walks(chosen: Mapping[str, Cell]) -> list[Picture]:
    """Each chosen cell's interpolations, a strip a row; none where they were not drawn."""
    return [
        Picture(title(cell), strips_uri(cell.strips), family)
        for family, cell in chosen.items()
        if cell.strips is not None and len(cell.strips)
    ]


def triplets(cell: Cell, train: Split, test: Split) -> list[Picture]:
    """The eight samples nearest to training images, and the first eight: above, each sample.

    Below it its nearest training image, below that its nearest held-out one. None where a split
    or the neighbours are missing.
    """
    if not can_show_neighbours(cell, train, test):
        return []
    nearest = np.argsort(cell.neighbours["to_train"], kind="stable")[:_TRIPLETS]
    first = np.arange(min(_TRIPLETS, len(cell.neighbours["train"])))
    return [
        Picture(
            f"{title(cell)}, {which}", _grid_uri(_stacked(cell, rows, train, test)), cell.family
        )
        for which, rows in (("the closest pairs", nearest), ("the first samples", first))
    ]


def can_show_neighbours(cell: Cell, train: Split, test: Split) -> bool:
    """Whether the cell's nearest images are known and at hand."""
    known = bool(cell.neighbours) and cell.samples is not None
    return known and bool(len(train.get("images", ())) and len(test.get("images", ())))


def title(cell: Cell) -> str:
    """GAN (recipe), seed 0."""
    return f"{FAMILY_NAMES[cell.family]} ({cell.recipe}), seed {cell.seed}"


def strips_uri(strips: Images) -> str:
    """Strips (B, steps, C, H, W) as one picture, a strip a row."""
    return _grid_uri(strips.reshape(-1, *strips.shape[2:]), columns=strips.shape[1])


def picture_uri(pixels: Images, *, lossless: bool = True) -> str:
    """Pixels (H, W, C) as an address that holds them: PNG if grey, else the smaller WebP."""
    if pixels.shape[2] == 1:
        return _data_uri(png_bytes(pixels), "png")
    buffer = io.BytesIO()
    to_picture(pixels).save(buffer, format="WEBP", lossless=lossless, quality=_QUALITY)
    return _data_uri(buffer.getvalue(), "webp")


def _stacked(cell: Cell, rows: npt.NDArray[Any], train: Split, test: Split) -> Images:
    assert cell.samples is not None
    near = train["images"][cell.neighbours["train"][rows]]
    held_out = test["images"][cell.neighbours["held_out"][rows]]
    return np.concatenate([cell.samples[rows], near, held_out])


def _grid_uri(images: Images, *, columns: int = _COLUMNS) -> str:
    scale = magnification(images.shape[-1], target=_LEGIBLE_PIXELS)
    columns = min(columns, len(images))
    pixels = image_grid(images, columns, scale, ground=_GROUND)
    return picture_uri(pixels, lossless=images.shape[-1] <= LOSSLESS_PIXELS)


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
