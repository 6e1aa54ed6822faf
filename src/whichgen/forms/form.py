"""What every modality's form offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""A picture, (H, W, C) with C = 1 (grey) or 3 (RGB)."""
Samples = npt.NDArray[Any]
"""Samples as they are stored, (N, *shape) of the form's dtype."""


class Stored(Protocol):
    """Stored samples (N, *shape) in an array, a tensor or a file, of which a slice can be read."""

    @property
    def shape(self) -> Sequence[int]: ...
    def __getitem__(self, part: slice, /) -> Any: ...


Encoder = Callable[[Samples], Samples | list[str]]


class Form(ABC):
    """The samples of one dataset as they are stored, shown and sent.

    Args:
        info: the dataset's description; it holds what `measure` found of its training split.

    Attributes:
        dtype: of a stored number. noun: what one sample is called, in files and answers.
        nouns: what several are called. noun_zh: either in Chinese, which has one form.
        sizes, constants: the keys of `info` that say how large samples are, and what else is known
            of all of them.
        alone: whether a picture of one sample by itself says something.
        ending: of a file that holds one sample, see `encode`.
        encodings: by name, how an answer may hold samples.
    """

    dtype: ClassVar[npt.DTypeLike]
    noun: ClassVar[str]
    nouns: ClassVar[str]
    noun_zh: ClassVar[str]
    sizes: ClassVar[tuple[str, ...]]
    constants: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[bool]
    ending: ClassVar[str]
    encodings: ClassVar[Mapping[str, Encoder]]

    def __init__(self, info: Mapping[str, Any]) -> None:
        self._info = info

    @staticmethod
    @abstractmethod
    def measure(training: Stored) -> dict[str, Any]:
        """The sizes and constants of a training split (N, *shape), as plain JSON types."""

    @staticmethod
    @abstractmethod
    def words(shape: tuple[int, ...]) -> str:
        """A sample's shape for a person: `8×8 px, grey`."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of a sample."""

    def description(self) -> dict[str, Any]:
        """What a record must keep of the dataset's description so that `form_of` finds this."""
        kept = ("modality", *self.sizes, *self.constants)
        return {name: self._info[name] for name in kept if name in self._info}

    @abstractmethod
    def capacity(self, columns: int, rows: int) -> int:
        """How many samples a picture of so many columns and rows shows."""

    @abstractmethod
    def picture(
        self,
        samples: Samples,
        columns: int,
        *,
        least: int = 56,
        ground: int = 255,
        among: Samples | None = None,
    ) -> Pixels:
        """All these samples as one picture.

        Args:
            columns: samples a row, where a sample has a place of its own.
            least: the px that one is magnified to. ground: the grey between them.
            among: others, to be shown beneath where samples share one place.
        """

    @abstractmethod
    def picture_by_type(
        self, samples: Samples, types: npt.NDArray[np.int64], columns: int, *, least: int = 56
    ) -> Pixels:
        """The first samples of each type, types told apart; see `picture`."""

    @abstractmethod
    def picture_of_walks(self, walks: Samples, *, least: int = 56, ground: int = 255) -> Pixels:
        """Walks (B, steps, *shape) from one sample to another, each of its own; see `picture`."""

    @abstractmethod
    def exact(self, samples: Samples) -> bool:
        """Whether not a pixel of a picture of these (…, *shape) may change when it is packed."""

    def tiles(self, samples: Samples, columns: int) -> Pixels:
        """The samples in places of one size, without gaps; for a form that shows one alone."""
        raise NotImplementedError

    @abstractmethod
    def encode(self, sample: Samples) -> bytes:
        """One sample as the content of a file."""

    @abstractmethod
    def column(self, sample: Samples, name: str) -> Any:
        """One sample as a value of a Parquet column; `name` is that of its file."""

    @abstractmethod
    def column_type(self) -> Any:
        """The pyarrow type of that column."""

    @abstractmethod
    def feature(self) -> dict[str, Any]:
        """That column as Hugging Face's `datasets` describes it."""
