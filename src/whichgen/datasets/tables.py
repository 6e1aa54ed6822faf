"""Images in the rows of a Parquet or CSV file, or in the arrays of an npz."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from whichgen.datasets.archives import DAMAGED, read_one
from whichgen.datasets.incoming import (
    MAX_FILES,
    MAX_TOTAL_BYTES,
    Found,
    Incoming,
    Refused,
    name_problem,
    one_line,
    printable,
)
from whichgen.errors import WhichgenError
from whichgen.grids import png_bytes

if TYPE_CHECKING:
    import pandas as pd

ROWS = 256  # at a time
MAX_ARRAY_BYTES = 1 << 33  # of an npz, which is read as a whole
SHAPES = (
    "a column `image` of file contents, or `path` of files beside the table, or a column for each "
    "pixel, 0 to 255; and a column `label`, or no labels"
)


def read_npz(path: Path) -> Incoming:
    """`images` (N, H, W), (N, H, W, C) or (N, C, H, W) uint8 and, if there, `labels` (N,).

    Raises:
        WhichgenError: if it does not hold these. Arrays of Python objects are never loaded.
    """
    images, labels = _load_npz(path)
    pixels = _channels_last(path, images)
    for i, image in enumerate(pixels):
        origin = f"{path.name}[{i}]"
        yield _row(origin, None if labels is None else labels[i], png_bytes(image))


def read_parquet(path: Path) -> Incoming:
    """The rows of a Parquet file of one of SHAPES.

    Raises:
        WhichgenError: if it is none, or has other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
            _check_table(path, file.metadata.num_rows, sum(g.total_byte_size for g in groups))
            parts = (batch.to_pandas() for batch in file.iter_batches(ROWS))
            yield from _rows(path, parts)
    except (pa.ArrowException, *DAMAGED) as error:
        raise WhichgenError(f"{path}: can't be read as Parquet ({one_line(error)})") from None


def read_csv(path: Path) -> Incoming:
    """The rows of a CSV file of one of SHAPES.

    Raises:
        WhichgenError: if it is none, or has other columns.
    """
    import pandas as pd

    kept = {"label": str, "path": str}
    try:
        with pd.read_csv(path, chunksize=ROWS, dtype=kept, keep_default_na=False) as parts:
            yield from _rows(path, parts)
    except (ValueError, UnicodeError, *DAMAGED) as error:  # pandas' own errors are ValueErrors
        raise WhichgenError(f"{path}: can't be read as CSV ({one_line(error)})") from None


def _rows(path: Path, parts: Iterator[pd.DataFrame]) -> Incoming:
    count = 0
    for part in parts:
        contents = _contents(path, part)
        labels = part["label"] if "label" in part else [None] * len(part)
        for content, label in zip(contents, labels, strict=True):
            origin = f"{path.name}[{count}]"
            count += 1
            if isinstance(content, str):
                yield Refused(origin, content)
            else:
                yield _row(origin, label if "label" in part else None, content)
        if count > MAX_FILES:
            raise WhichgenError(f"{path}: more than {MAX_FILES} rows; whichgen takes no more")


def _row(origin: str, label: Any, content: bytes) -> Found | Refused:
    if label is None:
        return Found(origin, None, content)
    name = str(label)
    problem = "is missing" if name in ("nan", "None", "<NA>") else name_problem(name)
    if problem:
        return Refused(origin, f"has a label ({printable(name)}) that {problem}")
    return Found(origin, name, content)


def _contents(path: Path, part: pd.DataFrame) -> Iterator[bytes | str]:
    """The image file of each row, or why there is none."""
    columns = [name for name in part.columns if name != "label"]
    if columns == ["image"]:
        return (_from_cell(cell) for cell in part["image"])
    if columns == ["path"]:
        return (_from_file(path.parent, str(cell)) for cell in part["path"])
    side = _side(len(columns))
    if side is None:
        raise WhichgenError(
            f"{path}: {len(columns)} columns beside `label`, neither `image` nor `path` alone nor "
            f"the pixels of a square; a table has {SHAPES}"
        )
    return _from_pixels(part[columns], side)


def _side(pixels: int) -> tuple[int, int] | None:
    """Side and channels of a square of so many values, a square of grey before one of colour."""
    for channels in (1, 3):
        side = math.isqrt(pixels // channels)
        if pixels and side * side * channels == pixels:
            return side, channels
    return None


def _from_cell(cell: Any) -> bytes | str:
    """From bytes, or from what Hugging Face's datasets write: {"bytes": …, "path": …}."""
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    return content if isinstance(content, bytes) else "holds no image file's content"


def _from_file(folder: Path, name: str) -> bytes | str:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        return f"names a file ({printable(name)}) that is not beside the table"
    steps = [folder.joinpath(*relative.parts[: i + 1]) for i in range(len(relative.parts))]
    if any(step.is_symlink() for step in steps):
        return f"names a file ({printable(name)}) by a link (links are not followed)"
    content = read_one(steps[-1])
    return (
        f"names a file ({printable(name)}) that {content}" if isinstance(content, str) else content
    )


def _from_pixels(part: pd.DataFrame, shape: tuple[int, int]) -> Iterator[bytes | str]:
    import pandas as pd

    side, channels = shape
    values = part.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    good = ((values >= 0) & (values <= 255) & (values == np.floor(values))).all(axis=1)
    for row, is_good in zip(values, good, strict=True):
        if is_good:
            yield png_bytes(row.astype(np.uint8).reshape(side, side, channels))
        else:
            yield "has a pixel that is not a whole number from 0 to 255"


def _load_npz(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > MAX_ARRAY_BYTES:
            raise WhichgenError(f"{path}: unpacks to more than {MAX_ARRAY_BYTES} bytes; split it")
        with np.load(path, allow_pickle=False) as arrays:
            if "images" not in arrays:
                there = ", ".join(map(printable, arrays)) or "nothing"
                raise WhichgenError(f"{path}: holds {there}, but no array `images`")
            labels = arrays.get("labels")
            images = arrays["images"]
    except (ValueError, MemoryError, *DAMAGED) as error:
        raise WhichgenError(f"{path}: can't be read as npz ({one_line(error)})") from None
    if labels is not None and labels.shape != images.shape[:1]:
        raise WhichgenError(
            f"{path}: labels have shape {labels.shape}, images {images.shape}; a label per image"
        )
    return images, labels


def _channels_last(path: Path, images: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    shape = images.shape
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or not images.size:
        raise WhichgenError(
            f"{path}: images are {images.dtype} of shape {shape}; (N, H, W), (N, H, W, C) or "
            "(N, C, H, W) of uint8 are taken"
        )
    if images.ndim == 3:
        return images[..., None]
    if shape[3] in (1, 3):
        return images
    if shape[1] in (1, 3):
        return images.transpose(0, 2, 3, 1)
    raise WhichgenError(f"{path}: images have shape {shape}, and neither 1 nor 3 channels")


def _check_table(path: Path, rows: int, unpacked: int) -> None:
    if rows > MAX_FILES:
        raise WhichgenError(f"{path}: {rows} rows; whichgen takes {MAX_FILES} at most")
    if unpacked > MAX_TOTAL_BYTES:
        raise WhichgenError(f"{path}: unpacks to more than {MAX_TOTAL_BYTES} bytes; split it")
