"""Training FLOPs, the unit of the budget."""

from collections.abc import Callable
from typing import Any

from torch.utils.flop_counter import FlopCounterMode


def count_flops(work: Callable[[], Any]) -> int:
    """FLOPs of the matrix products and convolutions, forward and backward, that `work()` makes.

    Element-wise operations and the optimiser's own arithmetic do not count (torch's
    FlopCounterMode); a multiply-add counts as 2.
    """
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())
