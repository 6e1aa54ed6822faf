"""One image file from a stranger → pixels of one size, or the reason why not."""

from __future__ import annotations

import stat
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
_SPARE = 4  # times the resolution: what a large JPEG keeps for the resizing


class UnusableImageError(Exception):
    """Why one file can't be used: the end of a sentence that begins with its name."""


def decode_image(
    path: Path, *, resolution: int, channels: int, max_pixels: int, max_bytes: int
) -> npt.NDArray[np.uint8]:
    """The image in `path` as (channels, resolution, resolution) uint8.

    Turned as its EXIF orientation says, cropped to the square in its centre, laid on white
    where it is transparent, then resized (Lanczos). An image that has the size already keeps
    its pixels. Grey is ITU-R 601 luma; 16-bit grey is scaled to 8 bits. Colour profiles are
    not applied; of an animation the first picture is taken.

    Args:
        path: a PNG, JPEG or WEBP file; links are refused.
        resolution: side in pixels.
        channels: 1 (grey) or 3 (RGB).
        max_pixels: width times height allowed before the crop.
        max_bytes: size of file allowed.

    Raises:
        UnusableImageError: with the reason.
    """
    try:
        _check_file(path, max_bytes)
        image = _open(path, max_pixels, least_side=_SPARE * resolution)
    except UnidentifiedImageError as error:
        raise UnusableImageError("is not a PNG, JPEG or WEBP image") from error
    except PermissionError as error:
        raise UnusableImageError("can't be read: no permission") from error
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = _on_white(image.crop((left, top, left + side, top + side)))
    image = image.convert("L" if channels == 1 else "RGB")
    image = image.resize((resolution, resolution), Image.Resampling.LANCZOS)
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)  # (H, W, C) -> (C, H, W)


def _check_file(path: Path, max_bytes: int) -> None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise UnusableImageError("is a link (links are not followed; put a copy in its place)")
    if stat.S_ISDIR(status.st_mode):
        raise UnusableImageError("is a folder inside a folder of images")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableImageError("is not a plain file")
    if status.st_size > max_bytes:
        raise UnusableImageError(f"is too large: {status.st_size} bytes, max_bytes is {max_bytes}")


def _open(path: Path, max_pixels: int, least_side: int) -> Image.Image:
    """The decoded image, upright. Sizes are checked before any pixel is decoded.

    A large JPEG is decoded at a half, a quarter or an eighth of its size, never to sides
    shorter than `least_side`: several times as fast on photographs.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of many pixels; max_pixels decides here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > max_pixels:
                    size = f"{image.width}×{image.height} pixels"
                    raise UnusableImageError(f"is too large: {size}, max_pixels is {max_pixels}")
                image.draft(None, (least_side, least_side))
                return ImageOps.exif_transpose(image)
    except (UnusableImageError, UnidentifiedImageError, PermissionError):
        raise
    except Image.DecompressionBombError as error:
        raise UnusableImageError(f"is too large for Pillow, max_pixels is {max_pixels}") from error
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise UnusableImageError(f"is damaged ({error})") from error


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 / 255 = 257
    if not image.has_transparency_data:
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
