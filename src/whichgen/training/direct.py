"""The DGN's update: every generator of the set against the real samples of its own type."""

import torch
from torch import Tensor, nn

from whichgen.networks import Generator
from whichgen.objectives.direct import DirectObjective
from whichgen.training.batches import TypedBatches
from whichgen.training.devices import send
from whichgen.training.distributed import ALONE, World
from whichgen.training.guard import FiniteGuard
from whichgen.training.precision import Precision
from whichgen.training.seeding import stream
from whichgen.training.spaces import SampleSpace


class DirectUpdate:
    """One step: G samples of each generator, P real ones of each type, descend the direct loss.

    Each process of a world generates its part of every generator's samples, and maps it into the
    space; the objective then sees the samples of all. Its gradient by this process's own samples is
    the process's share, whatever the objective is.

    Args:
        space: where samples are matched; the losses of several spaces add up.
        clip: the norm to which gradients are clipped; infinity for none.
        types_flops: what finding the types took, where they are no labels.
    """

    def __init__(
        self,
        *,
        generator: Generator,
        objective: DirectObjective,
        batches: TypedBatches,
        space: SampleSpace,
        generated_per_type: int,
        real_per_type: int,
        clip: float,
        seed: int,
        optimiser: torch.optim.Optimizer,
        precision: Precision,
        types_flops: int = 0,
        world: World = ALONE,
    ) -> None:
        self.generator = generator
        self.networks = nn.ModuleDict({"generator": generator})
        if space.encoder is not None:
            self.networks["encoder"] = space.encoder
        self.losses = {"direct": self._loss}
        self.guard = FiniteGuard(generator.shares.device, world)
        self.setup_flops, self.setup_seconds = types_flops + space.flops, space.seconds
        self.optimisers = [optimiser]
        self.images_per_step, self.world = real_per_type * generator.n_types, world
        self._objective, self._batches, self._seed = objective, batches, seed
        self._space, self._precision = space, precision
        self._generated, self._real, self._clip = generated_per_type, real_per_type, clip

    def step(self, step: int) -> dict[str, Tensor]:
        """Update the set once; the terms of the loss, as tensors still on the device."""
        return self.descend(*self.draw(step))

    def draw(self, step: int) -> tuple[Tensor, ...]:
        """Latents (K, G, latent), this process's part; of each space, real samples (K, P, D);
        of each space, the objective's noise (D, draws).
        """
        device = self.generator.shares.device
        index, images = self._batches.at(step, self._real)
        rng = stream(self._seed, "latents", step)
        shape = (self.generator.n_types, self._generated, self.generator.latent)
        z = self.world.part(torch.randn(shape, generator=rng), dim=1)
        reals = self._space.real(index, images)
        return send(z, device), *reals, *self._noise(step, reals)

    def descend(self, *drawn: Tensor) -> dict[str, Tensor]:
        """See `Update`."""
        loss, terms = self.losses["direct"](*drawn)
        norm = self.guard.descend(self.optimisers[0], loss, self._clip)
        return terms | {"loss": loss.detach(), "gradient_norm": norm}

    def _noise(self, step: int, reals: list[Tensor]) -> list[Tensor]:
        """What the objective wants to be random: (D, draws) for each space."""
        rng, draws = stream(self._seed, "objective", step), self._objective.draws
        return [send(torch.randn(r.shape[2], draws, generator=rng), r.device) for r in reals]

    def _loss(self, z: Tensor, *drawn: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum over spaces; the terms of the second one are marked as features'."""
        mine = self._space.fake(self._precision.run(self.generator.each, z))
        fakes = [self.world.whole(fake, dim=1) for fake in mine]  # (K, G, D) each
        reals, noises = drawn[: len(fakes)], drawn[len(fakes) :]
        parts = [self._objective(*space) for space in zip(fakes, reals, noises, strict=True)]
        terms = dict(parts[0][1])
        for _, more in parts[1:]:
            terms |= {f"feature_{name}": term for name, term in more.items()}
        return torch.stack([loss for loss, _ in parts]).sum(), terms
