"""Stems: from a latent vector and a type to the first feature map of a generator.

A stem is what differs between one generator and a set of generators; all that follows it, the
trunk, is the same network in both families.
"""

import math

import torch
from torch import Tensor, nn


class SharedStem(nn.Module):
    """One generator's stem: latent, and the type's embedding where types are given, in one map.

    With `n_types` = 0 the stem is unconditional and takes no notice of `types`.
    """

    def __init__(self, latent: int, out: int, n_types: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_types, latent) if n_types else None
        self.linear = nn.Linear(latent * (2 if n_types else 1), out)

    def forward(self, z: Tensor, types: Tensor) -> Tensor:
        """z (B, latent), types (B,) int64 → (B, out)."""
        if self.embedding is None:
            return self.linear(z)
        return self.linear(torch.cat([z, self.embedding(types)], dim=1))


class StemSet(nn.Module):
    """K stems, one per type: the part that each generator of the set owns (MGAN, Hoang 2018)."""

    def __init__(self, latent: int, out: int, n_types: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(latent)
        self.weight = nn.Parameter(torch.empty(n_types, latent, out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_types, 1, out).uniform_(-bound, bound))

    def batched(self, z: Tensor) -> Tensor:
        """z (K, B, latent), one row of latents per generator → (K, B, out), in one product."""
        return torch.baddbmm(self.bias, z, self.weight)

    def forward(self, z: Tensor, types: Tensor) -> Tensor:
        """z (B, latent), types (B,) int64 in any order → (B, out).

        Latents are laid out per generator, padded to the most frequent type, so that this too is
        one batched product.
        """
        n_types = self.weight.shape[0]
        counts = torch.bincount(types, minlength=n_types)  # (K,)
        order = torch.argsort(types, stable=True)  # (B,)
        starts = counts.cumsum(0) - counts
        place = torch.arange(len(types), device=types.device) - starts[types[order]]  # (B,)
        padded = z.new_zeros(n_types, int(counts.max()), z.shape[1])
        padded[types[order], place] = z[order]
        out = self.batched(padded)[types[order], place]  # (B, out), sorted by type
        return torch.empty_like(out).index_copy(0, order, out)
