"""Generative moment matching: the root of the squared maximum mean discrepancy.

Li, Swersky, Zemel 2015, "Generative Moment Matching Networks" (GMMN): a sum of
Gaussian kernels exp(−‖x − y‖² / 2σ), all pairs of a batch, and √MMD² as the loss.
"""

from typing import Literal

import torch
from torch import Tensor

from whichgen.objectives.direct.distances import root, squared_distances


class MMD:
    """√MMD² per type, its mean over types.

    The estimate is over all pairs, a sample's with itself included: never negative, 0 for two equal
    batches, and by about 1/G too high for small ones, so that large batches are wanted.

    Args:
        bandwidths: each σ, a squared length. GMMN's are 2, 5, 10, 20, 40, 80.
        unit: of the bandwidths. `data`: the square of the data's own unit. `median`: the type's
            median squared distance of generated to real samples (the median heuristic).
    """

    draws = 0

    def __init__(
        self, *, bandwidths: list[float], unit: Literal["data", "median"] = "data"
    ) -> None:
        if not bandwidths or min(bandwidths) <= 0:
            raise ValueError(f"bandwidths must be positive numbers, got {bandwidths}")
        if unit not in ("data", "median"):
            raise ValueError(f"unit must be data or median, got {unit!r}")
        self._bandwidths, self._median = bandwidths, unit == "median"

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss, terms by name."""
        between = squared_distances(fake, real)
        unit = torch.ones_like(between[:, :1, :1])
        if self._median:
            unit = between.detach().flatten(1).median(dim=1).values[:, None, None].clamp_min(1e-6)
        mmd2 = (
            self._kernel(squared_distances(fake, fake) / unit)
            - 2.0 * self._kernel(between / unit)
            + self._kernel(squared_distances(real, real) / unit)
        )
        return root(mmd2).mean(), {"mmd2": mmd2.mean()}

    def _kernel(self, squared: Tensor) -> Tensor:
        """The kernel's mean over all pairs: (K, G, M) → (K,)."""
        terms = [(squared / (-2.0 * bandwidth)).exp() for bandwidth in self._bandwidths]
        return torch.stack(terms).sum(dim=0).mean(dim=(1, 2))
