"""The drifting objective: generated samples follow a field: real ones pull, others push.

Deng, He et al. 2026, "Generative Modeling via Drifting": at equilibrium the field vanishes; each
step moves G(z) towards where the field says (loss ‖x − sg(x + V)‖²). This is the form with a
softmax over both sides and one normalised force per temperature; it is not a KL's flow.
"""

import torch
from torch import Tensor

SELF_DISTANCE = 100.0  # added to a sample's distance to itself, so that it does not push itself
LEAST_AFFINITY = 1e-6  # inside the square root: outside it the gradient would be NaN at 0


def pairwise_distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances (K, G, M) of x (K, G, D) to y (K, M, D), in one batched product."""
    squared = x.square().sum(-1, keepdim=True) + y.square().sum(-1).unsqueeze(1)
    return torch.baddbmm(squared, x, y.mT, alpha=-2.0).clamp_min_(0.0).sqrt_()


def drift(distances: Tensor, points: Tensor, n_fake: int, temperature: float) -> Tensor:
    """The field V at one temperature: pull of the real points minus push of the generated ones.

    Args:
        distances: (K, G, G + P), scaled to mean 1, of the generated samples to `points`.
        points: (K, G + P, D), generated samples first.
        n_fake: G.
        temperature: R of the Laplace kernel exp(−d/R), in units of the mean distance.

    Returns:
        (K, G, D). The weights of pull and push sum to the same total for each sample, so the
        field does not depend on the origin.
    """
    logits = distances / -temperature
    affinity = (logits.softmax(dim=2) * logits.softmax(dim=1)).clamp_min(LEAST_AFFINITY).sqrt()
    push, pull = affinity[..., :n_fake], affinity[..., n_fake:]
    weights = torch.cat(
        [-push * pull.sum(dim=2, keepdim=True), pull * push.sum(dim=2, keepdim=True)], dim=2
    )
    return weights @ points


class Drifting:
    """mean‖x̂ − sg(x̂ + F)‖² per type, F the sum over temperatures of forces of unit mean square.

    By this normalisation the value of the loss is constant; its progress shows in the terms
    `drift_<R>`, the root mean square of the raw field, and in the validation distance.

    Args:
        temperatures: each R, in units of the mean pairwise distance; several, to pull both from
            afar and in detail.
    """

    draws = 0

    def __init__(self, *, temperatures: list[float]) -> None:
        if not temperatures or min(temperatures) <= 0:
            raise ValueError(f"temperatures must be positive numbers, got {temperatures}")
        self.temperatures = temperatures

    def __call__(
        self, fake: Tensor, real: Tensor, noise: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """fake (K, G, D) with gradient, real (K, P, D), float32 → scalar loss, terms by name."""
        with torch.no_grad():
            unit, force, terms = self._force(fake.detach().float(), real.float())
            target = fake.detach() / unit + force
        return (fake / unit - target).square().mean(), terms

    def _force(self, fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The unit of length (K, 1, 1), the total force (K, G, D) in it, the raw field's size."""
        n_fake, dimension = fake.shape[1:]
        points = torch.cat([fake, real], dim=1)  # (K, G + P, D)
        distances = pairwise_distances(fake, points)
        mean = distances.mean(dim=(1, 2), keepdim=True).clamp_min(1e-3)  # (K, 1, 1)
        distances = distances / mean
        distances.diagonal(dim1=1, dim2=2).add_(SELF_DISTANCE)
        unit = mean / dimension**0.5  # in it the mean distance is √D
        scaled, force, terms = points / unit, torch.zeros_like(fake), {}
        for temperature in self.temperatures:
            field = drift(distances, scaled, n_fake, temperature)
            size = field.square().mean(dim=(1, 2), keepdim=True).sqrt()  # (K, 1, 1)
            force += field / size.clamp_min(1e-12)
            terms[f"drift_{temperature:g}"] = size.mean()
        return unit, force, terms
