"""Adversarial objectives: a discriminator's and a generator's loss, each with its terms by name."""

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from whichgen.objectives.adversarial.hinge import Hinge
from whichgen.objectives.adversarial.judge import Judge
from whichgen.objectives.adversarial.least_squares import LeastSquares
from whichgen.objectives.adversarial.minimax import Minimax
from whichgen.objectives.adversarial.non_saturating import NonSaturating
from whichgen.objectives.adversarial.relativistic_r1_r2 import RelativisticR1R2
from whichgen.objectives.adversarial.wgan_gp import WganGp


class AdversarialObjective(Protocol):
    """What every adversarial objective offers.

    Attributes:
        draws: columns of uniform noise that the discriminator's loss wants; 0 for none.
    """

    draws: int

    def discriminator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend by the discriminator, and its terms by name.

        Among them `d_accuracy`, the share of (real, fake) pairs that it orders rightly: the
        training warns where that is nearly all of them. noise: (B, draws), uniform from 0 to 1.
        All that is random comes in by it, so that an objective is a function of tensors alone.
        """

    def generator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend by the generator, and its terms by name."""


ADVERSARIAL: dict[str, Callable[..., Any]] = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wgan_gp": WganGp,
    "relativistic_r1_r2": RelativisticR1R2,
}
"""The allow-list: the names that a recipe may give."""
