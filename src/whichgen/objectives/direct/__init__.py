"""Direct objectives: a loss of generated against real vectors, per type, with no critic."""

from collections.abc import Callable
from typing import Any, Protocol

import torch
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
    """What every direct objective offers."""

    def __call__(
        self, fake: Tensor, real: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss and its terms by name.

        rng: of this step, on the CPU, for an objective that draws; the others take no notice of it.
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
