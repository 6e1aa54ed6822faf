"""The sliced Wasserstein distance: optimal transport along random lines, where it is a sort.

Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures"; as a generator's loss
Deshpande, Zhang, Schwing 2018.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import normalize

from whichgen.objectives.direct.distances import precise


class SlicedWasserstein:
    """The mean of W₂² over random projections, per type; its mean over types.

    Args:
        projections: random directions in each step, the same for all types.
    """

    def __init__(self, *, projections: int) -> None:
        if projections < 1:
            raise ValueError(f"projections must be 1 or more, got {projections}")
        self.draws = projections

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D), noise (D, M) → scalar loss, terms by name.

        The columns of the noise are the directions.
        """
        fake, real = precise(fake), precise(real)
        lines = normalize(noise, dim=0).to(fake)
        sorted_fake, sorted_real = ((x @ lines).sort(dim=1).values for x in (fake, real))
        of_fake, of_real, weights = quantile_pairs(fake.shape[1], real.shape[1], fake.device)
        gaps = sorted_fake[:, of_fake] - sorted_real[:, of_real]  # (K, pairs, M)
        distance = (weights[:, None] * gaps.square()).sum(dim=1).mean()
        return distance, {"sliced_w2": distance.sqrt()}


@cache
def quantile_pairs(n: int, m: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The monotone transport of n equal masses to m: which goes to which, and how much.

    Returns:
        Indices into the n and into the m sorted points, and the masses, which sum to 1.
    """
    ends = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]).unique()
    masses = ends.diff(prepend=ends.new_zeros(1)) / (n * m)  # ends are in units of 1/(n m)
    return ((ends - 1) // m).to(device), ((ends - 1) // n).to(device), masses.to(device)
