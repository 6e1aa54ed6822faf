"""What the losses have in common that judge each sample by itself, not in pairs."""

import torch
from torch import Tensor

from whichgen.objectives.adversarial.judge import Judge, order, squared_norms


class SeparateLosses:
    """Means of one function of a logit over real, and of another over generated samples.

    Args:
        r1: weight γ of the penalty γ/2 ‖∇D(real)‖², in units of logit² per (pixel value)²; 0 for
            none. Mescheder, Geiger, Nowozin 2018, "Which training methods for GANs do actually
            converge?", eq. 9.
    """

    draws = 0

    def __init__(self, *, r1: float = 0.0) -> None:
        if r1 < 0:
            raise ValueError(f"r1 must not be negative, got {r1}")
        self._r1 = r1

    def of_real(self, logits: Tensor) -> Tensor:
        """What the discriminator descends on real samples, one by one."""
        raise NotImplementedError

    def of_fake(self, logits: Tensor) -> Tensor:
        """What the discriminator descends on generated samples."""
        raise NotImplementedError

    def of_generated(self, logits: Tensor) -> Tensor:
        """What the generator descends on its samples."""
        raise NotImplementedError

    def discriminator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """real, fake (B, C, R, R) → scalar loss and terms."""
        terms, penalty = {}, real.new_zeros(())
        if self._r1:
            d_real, slopes = discriminator.with_slopes(real)
            d_fake = discriminator(fake)
            terms["d_r1"] = squared_norms(slopes).mean()
            penalty = 0.5 * self._r1 * terms["d_r1"]
        else:
            d_real, d_fake = discriminator(torch.cat([real, fake])).chunk(2)
        on_real, on_fake = self.of_real(d_real).mean(), self.of_fake(d_fake).mean()
        terms |= {"d_loss_real": on_real, "d_loss_fake": on_fake}
        return on_real + on_fake + penalty, terms | order(d_real, d_fake)

    def generator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (B, C, R, R) → scalar loss and terms; the real samples have no part in it."""
        loss = self.of_generated(discriminator(fake)).mean()
        return loss, {"g_loss": loss}
