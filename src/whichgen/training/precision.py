"""The number type that networks compute in, while all around them stays float32."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from whichgen.parameters import NumberType

Result = TypeVar("Result", Tensor, tuple[Tensor, Tensor])


class Precision:
    """Runs networks in a number type by torch's autocast, and gives their results as float32.

    Weights, optimisers, distances, softmax and penalties never see the smaller type: objectives
    are called outside of it. bfloat16 has float32's range, so losses need no scaling.

    Args:
        name: float32 runs networks as they are. device: where the networks are.
    """

    def __init__(self, name: NumberType, device: torch.device) -> None:
        self._dtype, self._device = getattr(torch, name), device.type

    def run(self, network: Callable[..., Result], *inputs: Tensor) -> Result:
        """What the network gives for the inputs, a tensor or two, as float32."""
        if self._dtype is torch.float32:
            return network(*inputs)
        with torch.autocast(self._device, self._dtype):
            return tree_map(Tensor.float, network(*inputs))
