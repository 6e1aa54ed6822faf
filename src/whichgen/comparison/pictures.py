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
from whichgen.forms import Form, Pixels, Samples
from whichgen.grids import png_bytes, to_picture

Split = Mapping[str, npt.NDArray[Any]]  # `images` (N, *shape), stored, and `types` (N,)

SHOWN = 64
SHOWN_PER_TYPE = 16
_COLUMNS = 8  # and rows: SHOWN, where each sample has a place of its own
_COLUMNS_PER_TYPE = 4
_TRIPLETS = 8
_LEGIBLE_PIXELS = 32
_QUALITY = 90  # of colour that need not be exact
_GROUND = 128  # a grey that stands back on a light and on a dark page


@dataclass(frozen=True)
class Picture:
    """A picture with its caption; ``key`` says what it shows: real, or a family."""

    caption: str
    uri: str
    key: str = ""


def grids(chosen: Mapping[str, Cell], test: Split, form: Form) -> list[Picture]:
    """Real held-out samples, then each chosen cell's, as they come; none where there are none."""
    found = []
    most, real = form.capacity(_COLUMNS, _COLUMNS), test.get("images")
    if real is not None and len(real):
        real = real[:most]
        found.append(Picture("Real, held out", _grid_uri(form, real), "real"))
    for family, cell in chosen.items():
        if cell.samples is not None and len(cell.samples):
            uri = _grid_uri(form, cell.samples[:most], among=real)
            found.append(Picture(title(cell), uri, family))
    return found


def grids_by_type(cell: Cell, names: Sequence[str], form: Form) -> list[Picture]:
    """One picture a type, of the first samples asked for as that type; none without samples."""
    if cell.samples is None or cell.sample_types is None:
        return []
    pictures, most = [], form.capacity(_COLUMNS_PER_TYPE, _COLUMNS_PER_TYPE)
    for index in np.unique(cell.sample_types):
        chosen = cell.samples[cell.sample_types == index][:most]
        name = names[index] if index < len(names) else str(index)
        uri = _grid_uri(form, chosen, columns=_COLUMNS_PER_TYPE, among=cell.samples[:most])
        pictures.append(Picture(str(name), uri))
    return pictures


def walks(chosen: Mapping[str, Cell], form: Form) -> list[Picture]:
    """Each chosen cell's interpolations, told apart; none where they were not drawn."""
    return [
        Picture(title(cell), walks_uri(cell.strips, form), family)
        for family, cell in chosen.items()
        if cell.strips is not None and len(cell.strips)
    ]


def triplets(cell: Cell, train: Split, test: Split, form: Form) -> list[Picture]:
    """The eight samples nearest to training images, and the first eight: above, each sample.

    Below it its nearest training image, below that its nearest held-out one. None where a split
    or the neighbours are missing, or a sample alone is no picture.
    """
    if not can_show_neighbours(cell, train, test, form):
        return []
    nearest = np.argsort(cell.neighbours["to_train"], kind="stable")[:_TRIPLETS]
    first = np.arange(min(_TRIPLETS, len(cell.neighbours["train"])))
    return [
        Picture(
            f"{title(cell)}, {which}",
            _grid_uri(form, _stacked(cell, rows, train, test)),
            cell.family,
        )
        for which, rows in (("the closest pairs", nearest), ("the first samples", first))
    ]


def can_show_neighbours(cell: Cell, train: Split, test: Split, form: Form) -> bool:
    """Whether the cell's nearest samples are known and at hand, and one alone is a picture."""
    known = form.alone and bool(cell.neighbours) and cell.samples is not None
    return known and bool(len(train.get("images", ())) and len(test.get("images", ())))


def title(cell: Cell) -> str:
    """GAN (recipe), seed 0."""
    return f"{FAMILY_NAMES[cell.family]} ({cell.recipe}), seed {cell.seed}"


def walks_uri(strips: Samples, form: Form) -> str:
    """Walks (B, steps, *shape) as one picture."""
    picture = form.picture_of_walks(strips, least=_LEGIBLE_PIXELS, ground=_GROUND)
    return picture_uri(picture, lossless=form.exact(strips))


def picture_uri(pixels: Pixels, *, lossless: bool = True) -> str:
    """Pixels (H, W, C) as an address that holds them: PNG if grey, else the smaller WebP."""
    if pixels.shape[2] == 1:
        return _data_uri(png_bytes(pixels), "png")
    buffer = io.BytesIO()
    to_picture(pixels).save(buffer, format="WEBP", lossless=lossless, quality=_QUALITY)
    return _data_uri(buffer.getvalue(), "webp")


def _stacked(cell: Cell, rows: npt.NDArray[Any], train: Split, test: Split) -> Samples:
    assert cell.samples is not None
    near = train["images"][cell.neighbours["train"][rows]]
    held_out = test["images"][cell.neighbours["held_out"][rows]]
    return np.concatenate([cell.samples[rows], near, held_out])


def _grid_uri(
    form: Form, samples: Samples, *, columns: int = _COLUMNS, among: Samples | None = None
) -> str:
    columns = min(columns, len(samples))
    picture = form.picture(samples, columns, least=_LEGIBLE_PIXELS, ground=_GROUND, among=among)
    return picture_uri(picture, lossless=form.exact(samples))


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
