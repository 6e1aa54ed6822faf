"""What an adversarial objective is given of the discriminator, and what all of them tell of it."""

from typing import Protocol

from torch import Tensor


class Judge(Protocol):
    """A discriminator with the types of a batch of B given; takes one or more such batches.

    One that judges packs of m images gives a logit, and a slope, to each pack in place of an image.
    """

    def __call__(self, images: Tensor) -> Tensor:
        """Images (nB, C, R, R) → logits (nB,)."""

    def with_slopes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (nB,), and the gradient of each by its image (nB, C, R, R)."""


def order(d_real: Tensor, d_fake: Tensor) -> dict[str, Tensor]:
    """Terms of the logits (B,) of real and generated samples: how far, how often rightly apart."""
    accuracy = (d_real > d_fake).float().mean()
    return {"d_gap": (d_real - d_fake).mean(), "d_accuracy": accuracy}


def squared_norms(slopes: Tensor) -> Tensor:
    """‖∇D‖² of each logit: (B, …) → (B,)."""
    return slopes.square().sum(dim=tuple(range(1, slopes.dim())))
