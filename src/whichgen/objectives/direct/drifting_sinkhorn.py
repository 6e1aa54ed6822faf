"""Drifting along entropic transport plans: no real sample can be left out, none taken by all.

arXiv 2603.12366 normalises the kernel by Sinkhorn's iteration in place of a softmax. With the cost
½‖x − y‖² and both plans at ε = R², the field is minus the gradient of the Sinkhorn divergence
(Feydy et al. 2019, "Interpolating between optimal transport and MMD using Sinkhorn divergences").
"""

import math
from functools import partial

import torch
from torch import Tensor

from whichgen.objectives.direct.field import FieldObjective


def sinkhorn_plan(logits: Tensor, iterations: int) -> Tensor:
    """The transport plan between uniform weights, as conditional weights of the columns.

    Args:
        logits: (K, G, M), −cost / ε.
        iterations: of a column step and a row step each, in the log domain.

    Returns:
        (K, G, M): each row sums to 1; the columns to G/M once the iteration has converged.
    """
    share = math.log(logits.shape[1] / logits.shape[2])
    rows = torch.zeros_like(logits[..., :1])  # (K, G, 1)
    for _ in range(iterations):
        columns = share - (logits + rows).logsumexp(dim=1, keepdim=True)  # (K, 1, M)
        rows = -(logits + columns).logsumexp(dim=2, keepdim=True)
    return (logits + rows + columns).exp()


def sinkhorn_drift(
    squared: Tensor, points: Tensor, n_fake: int, temperature: float, *, iterations: int
) -> Tensor:
    """V(x) = T_p(x) − T_q(x), the barycentres of x's shares in both plans; see `field.Field`."""
    logits = squared / (-2.0 * temperature**2)
    own = sinkhorn_plan(logits[..., :n_fake], iterations)
    other = sinkhorn_plan(logits[..., n_fake:], iterations)
    return torch.cat([-own, other], dim=2) @ points


def drifting_sinkhorn(*, temperatures: list[float], iterations: int = 20) -> FieldObjective:
    """The field objective along `sinkhorn_drift`.

    Args:
        temperatures: R = √ε, in units of the mean distance. iterations: of Sinkhorn's.
    """
    if iterations < 1:
        raise ValueError(f"iterations must be 1 or more, got {iterations}")
    return FieldObjective(partial(sinkhorn_drift, iterations=iterations), temperatures)
