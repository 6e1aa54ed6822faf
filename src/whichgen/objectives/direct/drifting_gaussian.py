"""Drifting with a Gaussian kernel normalised over its centres only.

In this form, unlike the bi-softmax one of `drifting`, the field is σ²(∇log p_σ − ∇log q_σ): the
flow of the reverse KL between the densities smoothed by the kernel. A test holds it to the gradient
of `reverse_kl`.
"""

import math

import torch
from torch import Tensor

from whichgen.objectives.direct.distances import without_diagonal
from whichgen.objectives.direct.field import FieldObjective


def gaussian_drift(squared: Tensor, points: Tensor, n_fake: int, temperature: float) -> Tensor:
    """V(x) = E_p[k(x, y) y] / E_p[k] − E_q[k(x, y) y] / E_q[k], k = exp(−‖x − y‖² / 2R²).

    q is the other generated samples: none pushes itself. See `field.Field` for the arguments.
    """
    logits = squared / (-2.0 * temperature**2)
    push = without_diagonal(logits[..., :n_fake], -math.inf).softmax(dim=2)
    pull = logits[..., n_fake:].softmax(dim=2)
    return torch.cat([-push, pull], dim=2) @ points


def drifting_gaussian(*, temperatures: list[float]) -> FieldObjective:
    """The field objective along `gaussian_drift`.

    Args:
        temperatures: kernel widths σ = R, in units of the mean distance.
    """
    return FieldObjective(gaussian_drift, temperatures)
