"""The article's DGN objective, E_z[log p_data(G(z))] ± E_z[log p_G(G(z))], by kernel densities.

As printed the second term has a plus: it is minus the entropy of p_G, so that maximising it rewards
one sample for all latents. With a minus the objective is −KL(p_G ‖ p_data). See docs/article.md.
"""

import math
from typing import Literal

from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.objectives.direct.distances import squared_distances, without_diagonal

SIGNS = {"diversity": 1.0, "printed": -1.0}  # of log p_G in the loss, which is descended


class ReverseKL:
    """E[log p_G] − E[log p_data] per type, or the printed −E[log p_G] − E[log p_data].

    Both densities are Gaussian kernel estimates of the same width and the same number of points,
    G − 1: a generated sample is left out of its own. The points are held fixed, because the mean
    of ∂ log p_G at fixed places is 0: so the gradient is that of `gaussian_drift`, but for the
    factor −1/Gσ². Values compare within one width and number only (Theis et al. 2016).

    Args:
        bandwidth: σ/√D, the kernel's width as a root mean square per coordinate.
        sign: `diversity`, the one intended by the article's words, or `printed`.
    """

    draws = 0

    def __init__(
        self, *, bandwidth: float, sign: Literal["diversity", "printed"] = "diversity"
    ) -> None:
        if bandwidth <= 0:
            raise ValueError(f"bandwidth must be positive, got {bandwidth}")
        if sign not in SIGNS:
            raise ValueError(f"sign must be one of {', '.join(SIGNS)}, got {sign!r}")
        self._bandwidth, self._sign = bandwidth, SIGNS[sign]

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, G, D) → scalar loss, terms by name.

        The terms are E_G[log p_data] (`log_p_data`), H(G) (`entropy`) and their KL (`kl`), in nats.

        Raises:
            WhichgenError: if there are not as many real as generated samples.
        """
        if fake.shape[1] != real.shape[1]:
            raise WhichgenError(
                "objective reverse_kl compares densities of equally many points: set "
                f"training.real_per_type ({real.shape[1]}) to generated_per_type ({fake.shape[1]})"
            )
        to_fake = without_diagonal(squared_distances(fake, fake.detach()), math.inf)
        log_p_g = self._log_density(to_fake, fake.shape[2])
        log_p_data = self._log_density(squared_distances(fake, real[:, :-1]), fake.shape[2])
        terms = {"log_p_data": log_p_data, "entropy": -log_p_g, "kl": log_p_g - log_p_data}
        return self._sign * log_p_g - log_p_data, terms

    def _log_density(self, squared: Tensor, dimension: int) -> Tensor:
        """The mean log density of (K, G, M) squared distances to M points, G − 1 of them finite."""
        variance = self._bandwidth**2 * dimension
        log_sum = (squared / (-2.0 * variance)).logsumexp(dim=2).mean()
        points = squared.shape[1] - 1
        return log_sum - math.log(points) - 0.5 * dimension * math.log(2.0 * math.pi * variance)
