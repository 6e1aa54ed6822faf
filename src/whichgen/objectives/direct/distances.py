"""Distances between generated and real points: differentiable, and never less than float32.

They are written as matrix products, so that they count in the budget (see
docs/decisions/fairness.md).
"""

import torch
from torch import Tensor

LEAST_SQUARE = 1e-12  # a distance's gradient is 0 below its root, in place of infinite at 0


def precise(points: Tensor) -> Tensor:
    """The points in float32 or better: at small temperatures half precision underflows."""
    return points if points.dtype in (torch.float32, torch.float64) else points.float()


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Squared Euclidean distances (K, G, M) of x (K, G, D) to y (K, M, D)."""
    x, y = precise(x), precise(y)
    squares = x.square().sum(-1, keepdim=True) + y.square().sum(-1).unsqueeze(1)
    return torch.baddbmm(squares, x, y.mT, alpha=-2.0).clamp_min(0.0)


def root(squared: Tensor) -> Tensor:
    """Distances of squared ones, with a finite gradient everywhere."""
    return squared.clamp_min(LEAST_SQUARE).sqrt()


def without_diagonal(pairs: Tensor, value: float) -> Tensor:
    """A copy of (K, G, M) with `value` in place of each sample's pair with itself, M ≥ G."""
    diagonal = torch.eye(*pairs.shape[1:], dtype=torch.bool, device=pairs.device)
    return pairs.masked_fill(diagonal, value)
