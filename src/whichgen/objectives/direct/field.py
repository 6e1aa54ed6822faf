"""Following a field: generated samples move a step along V, whatever V is.

Deng, He et al. 2026, "Generative Modeling via Drifting": the loss ‖x − sg(x + V)‖² has the
gradient −2V at x and none through V.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from whichgen.objectives.direct.distances import precise, root, squared_distances

Field = Callable[[Tensor, Tensor, int, float], Tensor]
"""(squared distances (K, G, G + P), points (K, G + P, D), G, temperature) → V (K, G, D).

The generated samples are the first G of the points; distances are in units of the mean one.
"""


class FieldObjective:
    """mean‖x̂ − sg(x̂ + F)‖² per type, F the sum over temperatures of fields of unit mean square.

    In the unit of length of x̂ the mean distance is √D. By the normalisation the loss's value is
    constant; progress shows in the terms `drift_<R>`, the root mean square of the raw field.

    Args:
        field: V at one temperature.
        temperatures: each R, in units of the mean distance from generated to all samples.
    """

    draws = 0

    def __init__(self, field: Field, temperatures: list[float]) -> None:
        if not temperatures or min(temperatures) <= 0:
            raise ValueError(f"temperatures must be positive numbers, got {temperatures}")
        self._field, self._temperatures = field, temperatures

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss, terms by name."""
        fake = precise(fake)
        with torch.no_grad():
            unit, force, terms = self._force(fake, precise(real))
            target = fake / unit + force
        return (fake / unit - target).square().mean(), terms

    def _force(self, fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        n_fake, dimension = fake.shape[1:]
        points = torch.cat([fake, real], dim=1)  # (K, G + P, D)
        squared = squared_distances(fake, points)
        mean = root(squared).mean(dim=(1, 2), keepdim=True).clamp_min(1e-3)  # (K, 1, 1)
        squared, unit = squared / mean.square(), mean / dimension**0.5
        scaled, force, terms = points / unit, torch.zeros_like(fake), {}
        for temperature in self._temperatures:
            field = self._field(squared, scaled, n_fake, temperature)
            size = field.square().mean(dim=(1, 2), keepdim=True).sqrt()  # (K, 1, 1)
            force += field / size.clamp_min(1e-12)
            terms[f"drift_{temperature:g}"] = size.mean()
        return unit, force, terms
