"""Many images as one picture."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
GAP = 1  # px between images, before scaling


def image_grid(images: Pixels, columns: int, scale: int = 1, *, ground: int = 255) -> Pixels:
    """Images (N, C, H, W) row by row into one (H', W', C), white where there are none.

    Args:
        columns: images a row. scale: whole-number magnification, each pixel a square.
        ground: the grey between them, in place of white.
    """
    n, channels, height, width = images.shape
    rows = -(-n // columns)
    grid = np.full(
        (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), ground, np.uint8
    )
    for i, image in enumerate(images):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        grid[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return grid.repeat(scale, axis=0).repeat(scale, axis=1)


def to_picture(pixels: Pixels) -> Image.Image:
    """A grey (H, W, 1) or RGB (H, W, 3) array as a Pillow image."""
    return Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)


def png_bytes(pixels: Pixels) -> bytes:
    """A grey (H, W, 1) or RGB (H, W, 3) array as the bytes of a PNG file."""
    buffer = io.BytesIO()
    to_picture(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def magnification(resolution: int, target: int = 56) -> int:
    """The scale at which an image of this side (px) is at least about `target` px wide."""
    return max(1, target // resolution)
