"""Images in forms that a user may bring."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("ant", "bee", "cat", "dog")
RNG_SEED = 0


def png(pixels: np.ndarray) -> bytes:
    """A grey (H, W) array as a PNG file's content."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def write_folder(folder: Path, images, labels) -> dict[str, Path]:
    """A folder per class of numbered PNG files; their names below it."""
    files = {}
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / label / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
        files[f"{label}/{i}.png"] = path
    return files
