"""Direct objectives: a loss of generated against real vectors, per type, with no critic."""

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from whichgen.objectives.direct.drifting import Drifting
from whichgen.objectives.direct.drifting_gaussian import drifting_gaussian
from whichgen.objectives.direct.drifting_sinkhorn import drifting_sinkhorn
from whichgen.objectives.direct.energy_distance import EnergyDistance
from whichgen.objectives.direct.imle import IMLE
from whichgen.objectives.direct.mmd import MMD
from whichgen.objectives.direct.reverse_kl import ReverseKL
from whichgen.objectives.direct.sliced_wasserstein import SlicedWasserstein


class DirectObjective(Protocol):
    """What every direct objective offers.

    Attributes:
        draws: columns of normal noise that it wants for each step; 0 for none.
    """

    draws: int

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss and its terms by name.

        noise: (D, draws), from N(0, 1). All that is random comes in by it, so that an objective is
        a function of tensors alone.
        """


DIRECT: dict[str, Callable[..., Any]] = {
    "drifting": Drifting,
    "drifting_gaussian": drifting_gaussian,
    "drifting_sinkhorn": drifting_sinkhorn,
    "mmd": MMD,
    "sliced_wasserstein": SlicedWasserstein,
    "imle": IMLE,
    "energy_distance": EnergyDistance,
    "reverse_kl": ReverseKL,
}
"""The allow-list: the names that a recipe may give."""
