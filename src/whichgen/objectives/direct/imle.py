"""Implicit maximum likelihood: every real sample pulls the generated one that is nearest to it.

Li and Malik 2018, "Implicit Maximum Likelihood Estimation"; the rejection is RS-IMLE's (Vashist,
Peng, Li 2024): latents that give a sample within ε of a real one are passed over, so that the
chosen ones spread as the latents that are drawn later do.
"""

import math

from torch import Tensor

from whichgen.objectives.direct.distances import root, squared_distances


class IMLE:
    """mean over real x of min over generated, not rejected ones of ‖x − G(z)‖, per type.

    Generated samples repel nothing: it is the turn of each real one that spreads them.

    Args:
        epsilon: ε/√D, the root mean square per coordinate within which a sample is rejected; 0 for
            plain IMLE.
    """

    draws = 0

    def __init__(self, *, epsilon: float) -> None:
        if epsilon < 0:
            raise ValueError(f"epsilon must not be negative, got {epsilon}")
        self._epsilon = epsilon

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D) → scalar loss, terms by name.

        A type whose samples are all rejected adds 0 for this step.
        """
        distances = root(squared_distances(fake, real))  # (K, G, P)
        nearest = distances.detach().amin(dim=2, keepdim=True)  # (K, G, 1)
        rejected = nearest < self._epsilon * fake.shape[2] ** 0.5
        chosen = distances.masked_fill(rejected, math.inf).amin(dim=1)  # (K, P)
        loss = chosen.masked_fill(chosen.isinf(), 0.0).mean()
        return loss, {"nearest": nearest.mean(), "rejected": rejected.float().mean()}
