"""Samples from a trained generator as they are stored and sent."""

import copy

import numpy as np
import numpy.typing as npt
import torch

from whichgen.forms import Samples
from whichgen.networks import Generator


def draw(
    generator: Generator,
    n: int,
    rng: torch.Generator,
    type_: int | None = None,
    truncation: float = 1.0,
) -> tuple[Samples, npt.NDArray[np.int64]]:
    """Draw n samples (n, *shape) and their types (n,).

    Safe to call from several threads at once: the generator keeps no state.

    Args:
        type_: of all of them; None for types as frequent as in the training data.
        truncation: see `narrowed`.
    """
    types = None if type_ is None else torch.full((n,), type_)
    samples, drawn = narrowed(generator, truncation).sample(n, rng, types)
    return generator.modality.to_stored(samples).numpy(), drawn.numpy()


def narrowed(generator: Generator, truncation: float) -> Generator:
    """The same generator, its weights shared, with latents z ~ N(0, truncation² I).

    Below 1 samples gather where the latents are densest: as a rule cleaner and less diverse. It is
    StyleGAN's truncation (Karras et al. 2019) in the latent space itself, whose mean is 0. At 1 the
    samples are bit for bit those of the generator.
    """
    narrow = copy.copy(generator)
    narrow.forward = lambda z, types: generator(truncation * z, types)  # type: ignore[method-assign]
    return narrow
