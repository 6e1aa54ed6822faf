"""An exponential moving average of a network's weights."""

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class EMA(Generic[Network]):
    """`network` holds the average; it is what is validated, sampled and saved.

    Args:
        source: the network in training. decay: weight of the past at each step, in [0, 1); it
            ramps up as (1 + step) / (10 + step) so that the first weights are soon forgotten.
    """

    def __init__(self, source: Network, decay: float) -> None:
        self.network = copy.deepcopy(source).eval().requires_grad_(False)
        self._averaged: list[Tensor] = list(self.network.parameters())
        self._source: list[Tensor] = list(source.parameters())
        self._decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the source's present weights."""
        decay = min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._averaged, self._source, 1.0 - decay)
