"""The relativistic pairing loss with zero-centred gradient penalties on both sides.

Huang, Gokaslan, Kuleshov, Tompkin 2024, "The GAN is dead; long live the GAN! A modern baseline GAN"
(R3GAN), eqs. 2 to 4; the loss is Jolicoeur-Martineau's (2019), R1 is Mescheder et al.'s (2018).
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from whichgen.objectives.adversarial.judge import Judge, order, squared_norms


class RelativisticR1R2:
    """softplus(−(D(real) − D(fake))) + γ/2 (‖∇D(real)‖² + ‖∇D(fake)‖²), real paired with fake.

    Args:
        gamma: weight γ of both penalties, in units of logit² per (pixel value)².
    """

    draws = 0

    def __init__(self, *, gamma: float) -> None:
        self.gamma = gamma

    def discriminator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """real, fake (B, C, R, R) → scalar loss and terms.

        `discriminator` must not mix the samples of a batch. One pass over both halves gives both
        penalties.
        """
        logits, slopes = discriminator.with_slopes(torch.cat([real, fake]))
        r1, r2 = squared_norms(slopes).chunk(2)  # (B,) each
        d_real, d_fake = logits.chunk(2)
        pairing = softplus(d_fake - d_real).mean()
        loss = pairing + 0.5 * self.gamma * (r1.mean() + r2.mean())
        terms = {"d_pairing": pairing, "d_r1": r1.mean(), "d_r2": r2.mean()}
        return loss, terms | order(d_real, d_fake)

    def generator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The mirror image: softplus(−(D(fake) − D(real))). real, fake (B, C, R, R) → scalar."""
        with torch.no_grad():
            d_real = discriminator(real)
        loss = softplus(d_real - discriminator(fake)).mean()
        return loss, {"g_pairing": loss}
