"""The drifting objective: generated samples follow a field: real ones pull, others push.

Deng, He et al. 2026, "Generative Modeling via Drifting": at equilibrium the field vanishes; each
step moves G(z) towards where the field says (loss ‖x − sg(x + V)‖²). This is the form with a
softmax over both sides and one normalised force per temperature; it is not a KL's flow.
"""

import torch
from torch import Tensor

SELF_DISTANCE = 100.0  # added to a sample's distance to itself, so that it does not push itself
LEAST_AFFINITY = 1e-6  # inside the square root: outside it the gradient would be NaN at 0


def distances_to_all(fake: Tensor, real: Tensor) -> Tensor:
    """Euclidean distances (K, G, G + P) of fake (K, G, D) to itself and to real (K, P, D)."""
    n_fake = fake.shape[1]
    norms = torch.cat([torch.linalg.vector_norm(points, dim=2) for points in (fake, real)], dim=1)
    squares = norms.square_()  # (K, G + P)
    sums = squares[:, :n_fake].unsqueeze(2) + squares.unsqueeze(1)
    parts = zip(sums.tensor_split([n_fake], dim=2), (fake, real), strict=True)
    result = torch.cat(
        [torch.baddbmm(part, fake, points.mT, alpha=-2.0) for part, points in parts], dim=2
    )
    return result.clamp_min_(0.0).sqrt_()


def drift(distances: Tensor, fake: Tensor, real: Tensor, temperatures: list[float]) -> Tensor:
    """The field V at T temperatures: pull of the real points minus push of the generated ones.

    Args:
        distances: (K, G, G + P), scaled to mean 1, of `fake` to `fake` and `real`.
        fake, real: (K, G, D) and (K, P, D).
        temperatures: each R of a Laplace kernel exp(−d/R), in units of the mean distance.

    Returns:
        (K, T, G, D). The weights of pull and push sum to the same total for each sample, so the
        field does not depend on the origin.
    """
    n_fake, n_temperatures = fake.shape[1], len(temperatures)
    logits = torch.stack([distances / -temperature for temperature in temperatures], dim=1)
    affinity = logits.softmax(dim=3).mul_(logits.softmax(dim=2))  # (K, T, G, G + P)
    push, pull = affinity.clamp_min_(LEAST_AFFINITY).sqrt_().tensor_split([n_fake], dim=3)
    total_push, total_pull = (part.sum(dim=3, keepdim=True) for part in (push, pull))
    # One product for all temperatures: it reads the points, which are the most memory, once.
    pulled = (pull * total_push).flatten(1, 2) @ real  # (K, T·G, D)
    field = torch.baddbmm(pulled, (push * total_pull).flatten(1, 2), fake, alpha=-1.0)
    return field.unflatten(1, (n_temperatures, n_fake))


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
        distances = distances_to_all(fake, real)
        mean = distances.mean(dim=(1, 2), keepdim=True).clamp_min(1e-3)  # (K, 1, 1)
        distances /= mean
        distances.diagonal(dim1=1, dim2=2).add_(SELF_DISTANCE)
        unit = mean / fake.shape[2] ** 0.5  # in it the mean distance is √D
        fields = drift(distances, fake, real, self.temperatures).div_(unit.unsqueeze(1))
        sizes = fields.square().mean(dim=(2, 3), keepdim=True).sqrt_()  # (K, T, 1, 1)
        force = fields.div_(sizes.clamp_min(1e-12)).sum(dim=1)
        means = sizes.mean(dim=(0, 2, 3))  # (T,)
        terms = {f"drift_{t:g}": size for t, size in zip(self.temperatures, means, strict=True)}
        return unit, force, terms
