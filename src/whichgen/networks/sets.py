"""What each generator of a set has of its own beside its stem, in the convolutional trunk.

All else is shared. `stems` is MGAN's choice (Hoang et al. 2018); `adapters` are the residual ones
of Rebuffi, Bilen, Vedaldi 2017 at a low rank.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, unfold

from whichgen.networks.blocks import DoublingConvolution


class OwnLayer(nn.Module):
    """A layer with weights (K, …), one set of them for each generator, as one batched product."""

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """x (B, C, s, s) of types (B,) in any order; without types, of K equal parts, in turn."""
        raise NotImplementedError


def _own_product(rows: Tensor, weight: Tensor, types: Tensor | None) -> Tensor:
    """rows (B, n, in) by each one's own weight (K, in, out) → (B, n, out)."""
    weight = weight if types is None else weight[types]
    product = torch.bmm(rows.reshape(len(weight), -1, rows.shape[2]), weight)
    return product.reshape(len(rows), -1, weight.shape[2])


class OwnConvolution(OwnLayer):
    """A 3×3 convolution for each generator; not a grouped one, which is slow to train."""

    def __init__(self, n_types: int, before: int, after: int) -> None:
        super().__init__()
        bound, inputs = (9 * before) ** -0.5, 9 * before + 1  # the last input is 1: the bias
        self.weight = nn.Parameter(torch.empty(n_types, inputs, after).uniform_(-bound, bound))

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """See `OwnLayer`; `after` channels."""
        patches = pad(unfold(x, 3, padding=1).mT, (0, 1), value=1.0)  # (B, s², 9 C + 1)
        out = _own_product(patches, self.weight, types)
        return out.mT.unflatten(2, x.shape[2:])


class Adapter(OwnLayer):
    """x + U D x at each place, U and D of low rank and each generator's own; at first it is x."""

    def __init__(self, n_types: int, channels: int, rank: int) -> None:
        super().__init__()
        bound = channels**-0.5
        self.down = nn.Parameter(torch.empty(n_types, channels, rank).uniform_(-bound, bound))
        self.up = nn.Parameter(torch.zeros(n_types, rank, channels))

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """See `OwnLayer`; the shape is kept."""
        rows = x.flatten(2).mT  # (B, s², C)
        own = _own_product(_own_product(rows, self.down, types), self.up, types)
        return x + own.mT.unflatten(2, x.shape[2:])


class Stems:
    """Each generator has its own stem, and nothing else."""

    def __init__(self, n_types: int) -> None:
        self.n_types = n_types

    def after_block(self, channels: int) -> list[nn.Module]:
        """What follows each residual block."""
        return []

    def output(self, before: int, after: int) -> nn.Module:
        """The last convolution, to 4 channels for each of the image's; `Doubling` follows."""
        return DoublingConvolution(before, after)


class LastBlock(Stems):
    """Its own stem and its own last convolution."""

    def output(self, before: int, after: int) -> nn.Module:
        """See `Stems`."""
        return OwnConvolution(self.n_types, before, 4 * after)


class Adapters(Stems):
    """Its own stem and an adapter of low rank after each residual block."""

    def __init__(self, n_types: int, *, rank: int = 4) -> None:
        super().__init__(n_types)
        if rank < 1:
            raise ValueError(f"rank must be 1 or more, got {rank}")
        self.rank = rank

    def after_block(self, channels: int) -> list[nn.Module]:
        """See `Stems`."""
        return [Adapter(self.n_types, channels, self.rank)]


SETS: dict[str, Callable[..., Stems]] = {
    "stems": Stems,
    "last_block": LastBlock,
    "adapters": Adapters,
}
"""The allow-list: the names that a recipe may give."""
