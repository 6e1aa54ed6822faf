"""Adversarial objectives: a discriminator's and a generator's loss, each with its terms by name."""

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from whichgen.objectives.adversarial.judge import Judge
from whichgen.objectives.adversarial.relativistic_r1_r2 import RelativisticR1R2


class AdversarialObjective(Protocol):
    """What every adversarial objective offers."""

    def discriminator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend by the discriminator, and its terms by name.

        Among them `d_accuracy`, the share of (real, fake) pairs that it orders rightly: the
        training warns where that is nearly all of them.
        """

    def generator_loss(
        self, discriminator: Judge, real: Tensor, fake: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend by the generator, and its terms by name."""


ADVERSARIAL: dict[str, Callable[..., Any]] = {"relativistic_r1_r2": RelativisticR1R2}
"""The allow-list: the names that a recipe may give."""
