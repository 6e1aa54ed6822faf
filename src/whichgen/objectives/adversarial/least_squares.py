"""Least squares to the labels 1 for real and 0 for generated samples.

Mao et al. 2017, "Least squares generative adversarial networks", eq. 2 with a = 0, b = c = 1.
"""

from torch import Tensor

from whichgen.objectives.adversarial.separate import SeparateLosses


class LeastSquares(SeparateLosses):
    """½ (D(real) − 1)² + ½ D(fake)²; the generator descends ½ (D(fake) − 1)². D is the logit."""

    def of_real(self, logits: Tensor) -> Tensor:
        """½ (D − 1)²."""
        return 0.5 * (logits - 1.0).square()

    def of_fake(self, logits: Tensor) -> Tensor:
        """½ D²."""
        return 0.5 * logits.square()

    def of_generated(self, logits: Tensor) -> Tensor:
        """½ (D − 1)²."""
        return self.of_real(logits)
