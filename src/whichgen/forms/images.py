"""Images: (N, C, R, R) uint8, C = 1 (grey) or 3 (RGB), 0 = black."""

import base64
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.forms.form import Form, Pixels, Samples, Stored
from whichgen.grids import image_grid, magnification, png_bytes

EXACT_PIXELS = 32  # the side up to which not a pixel is changed


def as_png(image: Samples) -> bytes:
    """An image (C, H, W) as a PNG file."""
    return png_bytes(image.transpose(1, 2, 0))


def _in_base64(images: Samples) -> list[str]:
    return [base64.b64encode(as_png(image)).decode() for image in images]


class ImageForm(Form):
    """See `Form`; a picture is a grid of images, and a file is a PNG."""

    dtype = np.uint8
    noun, nouns, noun_zh = "image", "images", "图像"
    sizes = ("channels", "resolution")
    alone = True
    ending = "png"
    encodings = MappingProxyType({"array": lambda images: images, "png": _in_base64})

    @staticmethod
    def measure(training: Stored) -> dict[str, Any]:
        """See `Form`."""
        return {"channels": training.shape[1], "resolution": training.shape[2]}

    @staticmethod
    def words(shape: tuple[int, ...]) -> str:
        """See `Form`."""
        channels, height, width = shape
        return f"{width}×{height} px, {'grey' if channels == 1 else 'colour'}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, R, R)."""
        side = self._info["resolution"]
        return self._info["channels"], side, side

    def capacity(self, columns: int, rows: int) -> int:
        """One image a place."""
        return columns * rows

    def picture(
        self,
        samples: Samples,
        columns: int,
        *,
        least: int = 56,
        ground: int = 255,
        among: Samples | None = None,
    ) -> Pixels:
        """See `Form`; `among` is not shown."""
        scale = magnification(samples.shape[-1], least)
        return image_grid(samples, columns, scale, ground=ground)

    def picture_by_type(
        self, samples: Samples, types: npt.NDArray[np.int64], columns: int, *, least: int = 56
    ) -> Pixels:
        """A row for each type, white where it has too few images."""
        rows = []
        for k in range(int(types.max()) + 1):
            mine = samples[types == k][:columns]
            blank = np.full((columns - len(mine), *samples.shape[1:]), 255, np.uint8)
            rows.append(np.concatenate([mine, blank]))
        return self.picture(np.concatenate(rows), columns, least=least)

    def picture_of_walks(self, walks: Samples, *, least: int = 56, ground: int = 255) -> Pixels:
        """A walk a row."""
        images = walks.reshape(-1, *walks.shape[2:])
        return self.picture(images, walks.shape[1], least=least, ground=ground)

    def exact(self, samples: Samples) -> bool:
        """Small ones: there each pixel counts."""
        side: int = samples.shape[-1]
        return side <= EXACT_PIXELS

    def tiles(self, samples: Samples, columns: int) -> Pixels:
        """Images row by row; black where there are none."""
        n, channels, height, width = samples.shape
        filled = np.zeros((-(-n // columns) * columns, channels, height, width), np.uint8)
        filled[:n] = samples
        rows = filled.reshape(-1, columns, channels, height, width)
        return rows.transpose(0, 3, 1, 4, 2).reshape(-1, columns * width, channels)

    def encode(self, sample: Samples) -> bytes:
        """A PNG file."""
        return as_png(sample)

    def column(self, sample: Samples, name: str) -> Any:
        """As `datasets` stores images."""
        return {"bytes": as_png(sample), "path": name}

    def column_type(self) -> Any:
        """See `Form`."""
        import pyarrow as pa

        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    def feature(self) -> dict[str, Any]:
        """See `Form`."""
        return {"_type": "Image"}
