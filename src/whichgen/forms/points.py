"""Points: (N, d) float32, vectors of d real numbers."""

import io
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.forms.form import Form, Pixels, Samples, Stored
from whichgen.forms.scatter import scatter

MOST_SHOWN = 2000
REAL, FAKE = (190, 190, 190), (31, 119, 180)
TYPES = (
    (31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189),
    (140, 86, 75), (227, 119, 194), (188, 189, 34), (23, 190, 207), (90, 90, 90),
)  # fmt: skip
MARGIN = 0.1  # of the range of the training split, around it


class PointForm(Form):
    """See `Form`; a picture is a scatter of the first two numbers, and a file is an .npy."""

    dtype = np.float32
    noun, nouns, noun_zh = "point", "points", "数据点"
    sizes = ("dimension",)
    constants = ("mean", "deviation", "low", "high")
    alone = False
    ending = "npy"
    encodings = MappingProxyType({"array": lambda points: points})

    @staticmethod
    def measure(training: Stored) -> dict[str, Any]:
        """The dimension, and of each number mean, deviation (1 where it is 0) and range."""
        exact = np.asarray(training[:], np.float64)
        deviation = exact.std(axis=0)
        return {
            "dimension": exact.shape[1],
            "mean": exact.mean(axis=0).tolist(),
            "deviation": np.where(deviation > 0, deviation, 1.0).tolist(),
            "low": exact.min(axis=0).tolist(),
            "high": exact.max(axis=0).tolist(),
        }

    @staticmethod
    def words(shape: tuple[int, ...]) -> str:
        """See `Form`."""
        return f"points of {shape[0]} number{'' if shape[0] == 1 else 's'}"

    @property
    def shape(self) -> tuple[int]:
        """(d,)."""
        return (self._info["dimension"],)

    def capacity(self, columns: int, rows: int) -> int:
        """As many as can be told apart: they share one place."""
        return MOST_SHOWN

    def picture(
        self,
        samples: Samples,
        columns: int,
        *,
        least: int = 56,
        ground: int = 255,
        among: Samples | None = None,
    ) -> Pixels:
        """A scatter, whose frame is that of the training split; always on white."""
        layers = [] if among is None else [(among, REAL)]
        return self._scatter([*layers, (samples, FAKE)])

    def picture_by_type(
        self, samples: Samples, types: npt.NDArray[np.int64], columns: int, *, least: int = 56
    ) -> Pixels:
        """A colour for each type; they repeat after ten."""
        present = np.unique(types)
        return self._scatter([(samples[types == k], TYPES[k % len(TYPES)]) for k in present])

    def picture_of_walks(self, walks: Samples, *, least: int = 56, ground: int = 255) -> Pixels:
        """A colour for each walk."""
        return self._scatter([(walk, TYPES[i % len(TYPES)]) for i, walk in enumerate(walks)])

    def exact(self, samples: Samples) -> bool:
        """Always: a point is a few pixels."""
        return True

    def encode(self, sample: Samples) -> bytes:
        """A file of NumPy's."""
        buffer = io.BytesIO()
        np.save(buffer, sample, allow_pickle=False)
        return buffer.getvalue()

    def column(self, sample: Samples, name: str) -> Any:
        """See `Form`."""
        return sample.tolist()

    def column_type(self) -> Any:
        """See `Form`."""
        import pyarrow as pa

        return pa.list_(pa.float32(), self.shape[0])

    def feature(self) -> dict[str, Any]:
        """See `Form`."""
        number = {"dtype": "float32", "_type": "Value"}
        return {"feature": number, "length": self.shape[0], "_type": "List"}

    def _scatter(self, layers: list[tuple[Samples, tuple[int, int, int]]]) -> Pixels:
        low, high = (np.array(self._info[end])[:2] for end in ("low", "high"))
        room = MARGIN * float((high - low).max())
        shown = [(points[:MOST_SHOWN, :2], colour) for points, colour in layers]
        return scatter(shown, low - room, high + room)
