"""The energy distance: an MMD whose kernel is the negative distance, with nothing to choose.

Székely and Rizzo 2013, "Energy statistics"; 2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖.
"""

from torch import Tensor

from whichgen.objectives.direct.distances import root, squared_distances


class EnergyDistance:
    """The energy distance per type, its mean over types.

    x and x′ are two different samples (a U-statistic), so that its expectation is 0 for equal
    distributions and its gradient is unbiased however small the batch; a batch's value may be below
    0.
    """

    draws = 0

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D), G and P ≥ 2 → scalar loss, terms."""
        between = root(squared_distances(fake, real)).mean()
        spread, real_spread = _mean_of_pairs(fake), _mean_of_pairs(real)
        terms = {"between": between, "spread": spread, "real_spread": real_spread}
        return 2.0 * between - spread - real_spread, terms


def _mean_of_pairs(x: Tensor) -> Tensor:
    """The mean distance between two different samples of a type: (K, G, D) → scalar."""
    distances = root(squared_distances(x, x))
    own = distances.diagonal(dim1=1, dim2=2).sum()
    n_types, n = x.shape[:2]
    return (distances.sum() - own) / (n_types * n * (n - 1))
