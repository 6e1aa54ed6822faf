"""How many steps a budget pays for, at which learning rates, and where to look."""

import copy
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.training.distributed import ALONE
from whichgen.training.flops import count_flops
from whichgen.training.update import Update


def affordable_steps(update: Update, budget_flops: float) -> tuple[int, int]:
    """Steps that the budget pays for, and the FLOPs of one, measured on a copy of the update.

    The copy makes the global batch by itself, so that the number of processes changes no price.

    Raises:
        WhichgenError: if the budget does not pay for one step.
    """
    trial = copy.deepcopy(update, {id(update.world): ALONE})
    flops = count_flops(lambda: trial.step(0))
    left = budget_flops - update.setup_flops
    if left < flops:
        raise WhichgenError(
            f"budget: {budget_flops:g} training FLOPs do not pay for one step of {flops:g} after "
            f"{update.setup_flops:g} of preparation; "
            f"raise it, for example --params budget={update.setup_flops + 1000 * flops:.0e}"
        )
    return int(left // flops), flops


def rate_factor(step: int, steps: int, warmup: float, final_rate: float) -> float:
    """The learning rate at `step` as a share of its full value: linear rise, then cosine."""
    rise = max(1.0, warmup * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    progress = (step - rise) / max(1.0, steps - rise)
    return final_rate + (1.0 - final_rate) * 0.5 * (1.0 + math.cos(math.pi * progress))


def intervals(steps: int, rows: int, validations: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, validates): the steps between two rows of history; all validations are rows."""
    looks = {max(1, round(steps * i / validations)) for i in range(1, validations + 1)}
    ends = looks | {max(1, round(steps * i / rows)) for i in range(1, rows + 1)}
    start = 0
    for end in sorted(ends):
        yield start, end, end in looks
        start = end


class Rates:
    """The learning rates that the optimisers were built with, to be scaled together.

    Where they are tensors, as a CUDA graph needs them, they are changed in place.
    """

    def __init__(self, optimisers: list[torch.optim.Optimizer]) -> None:
        self._optimisers = optimisers
        self._full = [[float(group["lr"]) for group in o.param_groups] for o in optimisers]

    def scale(self, factor: float) -> None:
        """Set every rate to `factor` times its full value."""
        for optimiser, rates in zip(self._optimisers, self._full, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(rate * factor)
                else:
                    group["lr"] = rate * factor
