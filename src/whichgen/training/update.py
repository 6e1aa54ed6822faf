"""What differs between the families."""

from typing import Protocol

import torch
from torch import Tensor, nn

from whichgen.networks import Generator
from whichgen.training.distributed import World
from whichgen.training.guard import FiniteGuard


class Update(Protocol):
    """How one step changes the weights.

    Attributes:
        networks: all that is trained, by name, the generator included.
        optimisers: fused ones, stepped by `guard` alone.
        images_per_step: real images that a step uses, on all processes together.
        world: whose processes make each step together.
        setup_flops, setup_seconds: spent before the first step, charged to the budget.
    """

    generator: Generator
    networks: nn.ModuleDict
    optimisers: list[torch.optim.Optimizer]
    guard: FiniteGuard
    world: World
    images_per_step: int
    setup_flops: int
    setup_seconds: float

    def step(self, step: int) -> dict[str, Tensor]:
        """Make one step; the terms of its losses by name.

        Which images and latents it sees follows from the seed and `step` alone.
        """
