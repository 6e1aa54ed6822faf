"""A user's own images: a folder per class, or one flat folder without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError
from whichgen.sources.decoding import UnusableImageError, decode_image
from whichgen.sources.images import LabelledImages

# 4 to 7 times a power of two: what a network that doubles its resolution can reach.
RESOLUTIONS = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)
_REASONS_SHOWN = 10


def load(
    raw: Path,
    *,
    resolution: int,
    channels: int | None = None,
    max_pixels: int = 50_000_000,
    max_bytes: int = 1 << 26,
    max_files: int = 200_000,
) -> LabelledImages:
    """The PNG, JPEG and WEBP files in `raw` as (N, C, resolution, resolution) uint8.

    Where `raw` holds folders, each is a type, named after it; where it holds images, there are
    no labels. Types and files are sorted by name, hidden ones passed over.

    Args:
        raw: the folder.
        resolution: side in pixels, one of RESOLUTIONS.
        channels: 1 makes all grey, 3 makes all RGB; None: RGB if any image has colour.
        max_pixels: width times height allowed in a file.
        max_bytes: size of file allowed.
        max_files: number of files allowed.

    Raises:
        WhichgenError: an option out of range, a folder of another form, or unusable files, of
            which the first ten are named with their reasons.
    """
    _check_options(resolution, channels)
    try:
        folders, files = _list_images(raw)
    except PermissionError as error:
        raise WhichgenError(f"{error.filename}: no permission to read this") from error
    if len(files) > max_files:
        raise WhichgenError(f"{raw}: {len(files)} files, max_files is {max_files}")
    images = np.empty((len(files), channels or 3, resolution, resolution), np.uint8)
    reasons: list[str] = []
    for row, file in zip(images, files, strict=True):
        try:
            row[:] = decode_image(
                file,
                resolution=resolution,
                channels=len(row),
                max_pixels=max_pixels,
                max_bytes=max_bytes,
            )
        except UnusableImageError as reason:
            reasons.append(f"{_relative(file, raw)} {reason}")
    if reasons:
        raise WhichgenError(_summary(raw, reasons, len(files)))
    if len(files) < 2:
        raise WhichgenError(f"{raw}: holds one image; a comparison needs many: add more")
    labels = {folder: label for label, folder in enumerate(folders)}
    return LabelledImages(
        images=_without_empty_colour(images) if channels is None else images,
        labels=np.array([labels[file.parent] for file in files], np.int64) if folders else None,
        type_names=tuple(_relative(folder, raw) for folder in folders) if folders else None,
        origins=tuple(_relative(file, raw) for file in files),
    )


def _check_options(resolution: int, channels: int | None) -> None:
    if resolution not in RESOLUTIONS:
        known = ", ".join(map(str, RESOLUTIONS))
        raise WhichgenError(f"image_folder: resolution is {resolution!r}, must be one of {known}")
    if channels not in (None, 1, 3):
        raise WhichgenError(f"image_folder: channels is {channels!r}, must be 1, 3 or null")


def _list_images(raw: Path) -> tuple[list[Path], list[Path]]:
    """The class folders (none when flat) and the files, sorted."""
    entries = _visible(raw)
    for entry in entries:
        if entry.is_symlink() and entry.is_dir():
            raise WhichgenError(f"{entry}: is a link to a folder; put the folder in its place")
    folders = [entry for entry in entries if entry.is_dir()]
    files = [entry for entry in entries if not entry.is_dir()]
    if folders and files:
        raise WhichgenError(
            f"{raw}: holds both files ({files[0].name}) and folders ({folders[0].name});"
            " keep a folder per class, or images only"
        )
    for folder in folders:
        inside = _visible(folder)
        if not inside:
            raise WhichgenError(f"{folder}: this class folder is empty; fill or remove it")
        files += inside
    if not files:
        raise WhichgenError(f"{raw}: holds no images; put a folder per class, or images, there")
    return folders, files


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except FileNotFoundError as error:
        raise WhichgenError(f"{folder}: no such folder; make it and put images there") from error
    except NotADirectoryError as error:
        raise WhichgenError(f"{folder}: is a file, a folder of images is needed") from error


def _without_empty_colour(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """One channel when red, green and blue are the same in every image."""
    first = images[:, :1]
    return images if (images != first).any() else np.ascontiguousarray(first)


def _relative(path: Path, raw: Path) -> str:
    """The path below `raw`, with bytes that aren't UTF-8 written out, so that it prints."""
    return path.relative_to(raw).as_posix().encode("utf-8", "backslashreplace").decode()


def _summary(raw: Path, reasons: list[str], files: int) -> str:
    shown = "; ".join(reasons[:_REASONS_SHOWN])
    more = len(reasons) - _REASONS_SHOWN
    rest = f"; and {more} more" if more > 0 else ""
    return (
        f"{raw}: {len(reasons)} of {files} files can't be used: {shown}{rest}."
        " Mend or remove them and run again"
    )
