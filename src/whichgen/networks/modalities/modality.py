"""What every modality offers to those who build, train and judge networks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from whichgen.forms import Form
from whichgen.parameters import Augmentation

Corruption = Callable[[Tensor, float, torch.Generator], Tensor]
"""Stored samples, a level and random numbers → stored samples, spoilt."""


class Augment(Protocol):
    """What a discriminator's samples go through; `draws` numbers in [0, 1) each, (B, draws)."""

    draws: int

    def __call__(self, samples: Tensor, noise: Tensor, /) -> Tensor: ...


class Modality(ABC):
    """The samples of one dataset as networks take and make them: float32, `shape` as stored.

    Attributes:
        form: how they are stored.
        generators, discriminators: the networks that a recipe may name, called with `sizes()`; the
            first one is that of a recipe that names none.
        corruptions: by which a judge is tried: levels, of which the first is 0, and what spoils.
        external_judges: the judges from elsewhere that take such samples.
    """

    generators: ClassVar[Mapping[str, Callable[..., Any]]]
    discriminators: ClassVar[Mapping[str, Callable[..., Any]]]
    corruptions: Mapping[str, tuple[tuple[float, ...], Corruption]]
    external_judges: ClassVar[tuple[str, ...]] = ()

    def __init__(self, form: Form) -> None:
        self.form = form

    @abstractmethod
    def sizes(self, pack: int = 1) -> dict[str, int]:
        """The keyword arguments that tell a network how large a sample is, or a pack of them."""

    @abstractmethod
    def to_float(self, stored: Tensor) -> Tensor:
        """Stored samples (…, *shape) as networks take them."""

    @abstractmethod
    def to_stored(self, samples: Tensor) -> Tensor:
        """What a generator makes, (…, *shape), as it is stored."""

    @abstractmethod
    def extractor(self, width: int, features: int) -> nn.Sequential:
        """The layers of a judge or an encoder: samples (B, *shape) → (B, features).

        The first has a weight (width, …). BatchNorm at once after what it normalises can be folded.
        """

    @abstractmethod
    def vary(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """Samples (B, *shape), changed so little that a classifier must not mind."""

    @abstractmethod
    def spoil(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """Samples (B, *shape), each changed so far that what it is can just be told."""

    @abstractmethod
    def augment(self, strengths: Augmentation) -> Augment:
        """What a discriminator's samples go through.

        Raises:
            WhichgenError: if there is no such augmentation of these samples.
        """

    def likeness(self, stored: Tensor) -> Tensor | None:
        """Stored samples (N, *shape) as vectors (N, d) that are the nearer the more alike.

        None where an encoder has to learn them.
        """
        return None
