"""Wasserstein's distance by a critic whose slope is held near 1 between real and generated samples.

Gulrajani et al. 2017, "Improved training of Wasserstein GANs", eq. 3.
"""

import torch
from torch import Tensor
from torch.linalg import vector_norm

from whichgen.objectives.adversarial.judge import Judge
from whichgen.objectives.adversarial.separate import SeparateLosses


class WganGp(SeparateLosses):
    """D(fake) − D(real) + λ (‖∇D(x̂)‖ − 1)²; the generator descends −D(fake).

    x̂ is a random point between a real and a generated sample of one type. In packs each image has
    a point of its own.

    Args:
        penalty: λ, 10 in the paper.
    """

    draws = 1

    def __init__(self, *, penalty: float) -> None:
        if penalty <= 0:
            raise ValueError(f"penalty must be positive, got {penalty}")
        super().__init__()
        self._penalty = penalty

    def of_real(self, logits: Tensor) -> Tensor:
        """−D."""
        return -logits

    def of_fake(self, logits: Tensor) -> Tensor:
        """D."""
        return logits

    def of_generated(self, logits: Tensor) -> Tensor:
        """−D."""
        return -logits

    def discriminator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """real, fake (B, C, R, R), noise (B, 1), where between the two → scalar loss and terms.

        `d_gap` is the critic's estimate of the distance, `d_slope` the mean of ‖∇D(x̂)‖.
        """
        loss, terms = super().discriminator_loss(discriminator, real, fake, noise)
        share = noise.view(-1, *[1] * (real.dim() - 1))
        _, slopes = discriminator.with_slopes(torch.lerp(fake, real, share))
        norms = vector_norm(slopes, dim=tuple(range(1, slopes.dim())))
        penalty = (norms - 1.0).square().mean()
        terms |= {"d_penalty": penalty, "d_slope": norms.mean()}
        return loss + self._penalty * penalty, terms
