"""The DGN's update: every generator of the set against the real samples of its own type."""

import torch
from torch import Tensor, nn

from whichgen.networks import Generator
from whichgen.objectives.direct import DirectObjective
from whichgen.training.batches import TypedBatches
from whichgen.training.guard import FiniteGuard
from whichgen.training.seeding import stream
from whichgen.training.spaces import PixelSpace


class DirectUpdate:
    """One step: G samples of each generator, P real ones of each type, descend the direct loss.

    Args:
        space: where samples are matched; the losses of several spaces add up.
        clip: the norm to which gradients are clipped; infinity for none.
    """

    def __init__(
        self,
        *,
        generator: Generator,
        objective: DirectObjective,
        batches: TypedBatches,
        space: PixelSpace,
        generated_per_type: int,
        real_per_type: int,
        clip: float,
        seed: int,
        optimiser: torch.optim.Optimizer,
    ) -> None:
        self.generator = generator
        self.networks = nn.ModuleDict({"generator": generator})
        if space.encoder is not None:
            self.networks["encoder"] = space.encoder
        self.guard = FiniteGuard(generator.shares.device)
        self.setup_flops, self.setup_seconds = space.flops, space.seconds
        self.optimisers = [optimiser]
        self.images_per_step = real_per_type * generator.n_types
        self._objective, self._batches, self._seed = objective, batches, seed
        self._space = space
        self._generated, self._real, self._clip = generated_per_type, real_per_type, clip

    def step(self, step: int) -> dict[str, Tensor]:
        """Update the set once; the terms of the loss, as tensors still on the device."""
        reals = self._space.real(self._batches.at(step, self._real))  # (K, P, D) each
        rng = stream(self._seed, "latents", step)
        shape = (self.generator.n_types, self._generated, self.generator.latent)
        z = torch.randn(shape, generator=rng).to(reals[0].device)
        fake = self.generator.each(z)  # (K, G, C, R, R)
        loss, terms = self._loss(self._space.fake(fake), reals, self._noise(step, reals))
        norm = self.guard.descend(self.optimisers[0], loss, self._clip)
        return terms | {"loss": loss.detach(), "gradient_norm": norm}

    def _noise(self, step: int, reals: list[Tensor]) -> list[Tensor]:
        """What the objective wants to be random: (D, draws) for each space."""
        rng, draws = stream(self._seed, "objective", step), self._objective.draws
        return [torch.randn(r.shape[2], draws, generator=rng).to(r.device) for r in reals]

    def _loss(
        self, fakes: list[Tensor], reals: list[Tensor], noises: list[Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum over spaces; the terms of the second one are marked as features'."""
        parts = [self._objective(*space) for space in zip(fakes, reals, noises, strict=True)]
        terms = dict(parts[0][1])
        for _, more in parts[1:]:
            terms |= {f"feature_{name}": term for name, term in more.items()}
        return torch.stack([loss for loss, _ in parts]).sum(), terms
