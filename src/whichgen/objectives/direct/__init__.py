"""Direct objectives: a loss of generated against real vectors, per type, with no critic."""

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor

from whichgen.objectives.direct.drifting import Drifting


class DirectObjective(Protocol):
    """What every direct objective offers."""

    def __call__(self, fake: Tensor, real: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss and its terms by name."""


DIRECT: dict[str, Callable[..., Any]] = {"drifting": Drifting}
"""The allow-list: the names that a recipe may give."""
