"""The GAN's update: discriminator, then generator, once each."""

import torch
from torch import Tensor, nn

from whichgen.networks import Generator, to_float
from whichgen.objectives.adversarial import AdversarialObjective
from whichgen.training.batches import MixedBatches
from whichgen.training.distributed import ALONE, World
from whichgen.training.guard import FiniteGuard
from whichgen.training.seeding import stream


class AdversarialUpdate:
    """One step: draw a real batch and matching latents, descend D's loss, then G's.

    The fake batch takes the types of the real one, so that the relativistic pairs are of one type.
    Each process of a world has its part of both batches, so the pairs are those of one process.
    """

    def __init__(
        self,
        *,
        generator: Generator,
        discriminator: nn.Module,
        objective: AdversarialObjective,
        batches: MixedBatches,
        batch: int,
        seed: int,
        generator_optimiser: torch.optim.Optimizer,
        discriminator_optimiser: torch.optim.Optimizer,
        world: World = ALONE,
    ) -> None:
        self.generator = generator
        self.networks = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self.optimisers = [generator_optimiser, discriminator_optimiser]
        self.guard = FiniteGuard(generator.shares.device, world)
        self.images_per_step, self.world = batch, world
        self.setup_flops, self.setup_seconds = 0, 0.0
        self._discriminator, self._objective = discriminator, objective
        self._batches, self._batch, self._seed = batches, batch, seed

    def step(self, step: int) -> dict[str, Tensor]:
        """Update both networks once; the terms of both losses, as tensors still on the device."""
        pixels, types = self._batches.at(step, self._batch)
        real = to_float(pixels)
        rng = stream(self._seed, "latents", step)
        z = torch.randn(2, self._batch, self.generator.latent, generator=rng)
        z = self.world.part(z, dim=1).to(real.device)
        d_terms = self._discriminator_step(real, types, z[0])
        return self.world.mean(d_terms | self._generator_step(real, types, z[1]))

    def _discriminator_step(self, real: Tensor, types: Tensor, z: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self.generator(z, types)
        twice = types.repeat(2)
        loss, terms = self._objective.discriminator_loss(
            lambda images: self._discriminator(images, twice), real, fake
        )
        norm = self.guard.descend(self.optimisers[1], loss / self.world.size)
        return terms | {"d_gradient_norm": norm}

    def _generator_step(self, real: Tensor, types: Tensor, z: Tensor) -> dict[str, Tensor]:
        self._discriminator.requires_grad_(False)
        loss, terms = self._objective.generator_loss(
            lambda images: self._discriminator(images, types), real, self.generator(z, types)
        )
        norm = self.guard.descend(self.optimisers[0], loss / self.world.size)
        self._discriminator.requires_grad_(True)
        return terms | {"g_gradient_norm": norm}
