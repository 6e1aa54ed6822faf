"""What differs between the families."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from whichgen.networks import Generator
from whichgen.training.distributed import World
from whichgen.training.guard import FiniteGuard

Loss = Callable[..., tuple[Tensor, dict[str, Tensor]]]
"""What a step descends: tensors of a fixed shape → scalar loss and its terms by name."""


class Update(Protocol):
    """How one step changes the weights.

    Attributes:
        networks: all that is trained, by name, the generator included.
        losses: by name; computed from tensors alone, so that each may be compiled.
        optimisers: fused ones, stepped by `guard` alone.
        images_per_step: real images that a step uses, on all processes together.
        world: whose processes make each step together.
        setup_flops, setup_seconds: spent before the first step, charged to the budget.
    """

    generator: Generator
    networks: nn.ModuleDict
    losses: dict[str, Loss]
    optimisers: list[torch.optim.Optimizer]
    guard: FiniteGuard
    world: World
    images_per_step: int
    setup_flops: int
    setup_seconds: float

    def step(self, step: int) -> dict[str, Tensor]:
        """Make one step: `descend` with what was drawn for it."""

    def draw(self, step: int) -> tuple[Tensor, ...]:
        """The images and latents of a step, which follow from the seed and `step` alone.

        On the device, of the same shapes at every step.
        """

    def descend(self, *drawn: Tensor) -> dict[str, Tensor]:
        """Change the weights by what was drawn; the terms of the losses by name.

        It never waits for the device, so that it can be recorded as a CUDA graph.
        """
