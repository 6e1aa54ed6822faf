"""Images from a trained generator as they are stored and sent: whole numbers from 0 to 255."""

import copy

import numpy as np
import numpy.typing as npt
import torch

from whichgen.networks import Generator, to_uint8


def draw(
    generator: Generator,
    n: int,
    rng: torch.Generator,
    type_: int | None = None,
    truncation: float = 1.0,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw n images (n, C, R, R) and their types (n,).

    Safe to call from several threads at once: the generator keeps no state.

    Args:
        type_: of all of them; None for types as frequent as in the training data.
        truncation: see `narrowed`.
    """
    types = None if type_ is None else torch.full((n,), type_)
    images, drawn = narrowed(generator, truncation).sample(n, rng, types)
    return to_uint8(images).numpy(), drawn.numpy()


def narrowed(generator: Generator, truncation: float) -> Generator:
    """The same generator, its weights shared, with latents z ~ N(0, truncation² I).

    Below 1 samples gather where the latents are densest: as a rule cleaner and less diverse. It is
    StyleGAN's truncation (Karras et al. 2019) in the latent space itself, whose mean is 0. At 1 the
    images are bit for bit those of the generator.
    """
    narrow = copy.copy(generator)
    narrow.forward = lambda z, types: generator(truncation * z, types)  # type: ignore[method-assign]
    return narrow
