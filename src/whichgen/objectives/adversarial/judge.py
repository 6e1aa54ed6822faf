"""What an adversarial objective is given of the discriminator."""

from typing import Protocol

from torch import Tensor


class Judge(Protocol):
    """A discriminator with the types of a batch of B given; takes one or more such batches."""

    def __call__(self, images: Tensor) -> Tensor:
        """Images (nB, C, R, R) → logits (nB,)."""

    def with_slopes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (nB,), and the gradient of each by its image (nB, C, R, R)."""
