"""The hinge loss: the discriminator stops where a sample is beyond its margin.

Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral normalization for generative
adversarial networks", eqs. 16 and 17, which asks for a discriminator of bounded slope.
"""

from torch import Tensor
from torch.nn.functional import relu

from whichgen.objectives.adversarial.separate import SeparateLosses


class Hinge(SeparateLosses):
    """max(0, 1 − D(real)) + max(0, 1 + D(fake)); the generator descends −D(fake)."""

    def of_real(self, logits: Tensor) -> Tensor:
        """max(0, 1 − D)."""
        return relu(1.0 - logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        """max(0, 1 + D)."""
        return relu(1.0 + logits)

    def of_generated(self, logits: Tensor) -> Tensor:
        """−D."""
        return -logits
