"""The GAN's update: discriminator, then generator, once each."""

import torch
from torch import Tensor, nn

from whichgen.networks import Discriminator, Generator, to_float
from whichgen.objectives.adversarial import AdversarialObjective
from whichgen.training.batches import MixedBatches
from whichgen.training.devices import send
from whichgen.training.distributed import ALONE, World
from whichgen.training.guard import FiniteGuard
from whichgen.training.precision import Precision
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
        discriminator: Discriminator,
        objective: AdversarialObjective,
        batches: MixedBatches,
        batch: int,
        seed: int,
        generator_optimiser: torch.optim.Optimizer,
        discriminator_optimiser: torch.optim.Optimizer,
        precision: Precision,
        world: World = ALONE,
    ) -> None:
        self.generator = generator
        self.networks = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self.optimisers = [generator_optimiser, discriminator_optimiser]
        self.losses = {
            "discriminator": self._discriminator_loss,
            "generator": self._generator_loss,
        }
        self.guard = FiniteGuard(generator.shares.device, world)
        self.images_per_step, self.world = batch, world
        self.setup_flops, self.setup_seconds = 0, 0.0
        self._discriminator, self._objective = discriminator, objective
        self._batches, self._batch, self._seed = batches, batch, seed
        self._precision = precision

    def step(self, step: int) -> dict[str, Tensor]:
        """Update both networks once; the terms of both losses, as tensors still on the device."""
        return self.descend(*self.draw(step))

    def draw(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Real images (B, C, R, R) uint8, their types (B,), and both latents (2, B, latent)."""
        pixels, types = self._batches.at(step, self._batch)
        rng = stream(self._seed, "latents", step)
        z = torch.randn(2, self._batch, self.generator.latent, generator=rng)
        z = self.world.part(z, dim=1)
        return pixels, types, send(z, pixels.device)

    def descend(self, *drawn: Tensor) -> dict[str, Tensor]:
        """See `Update`."""
        pixels, types, z = drawn
        real = to_float(pixels)
        loss, terms = self.losses["discriminator"](real, types, z[0])
        norm = self.guard.descend(self.optimisers[1], loss / self.world.size)
        self._discriminator.requires_grad_(False)
        loss, more = self.losses["generator"](real, types, z[1])
        norms = {
            "d_gradient_norm": norm,
            "g_gradient_norm": self.guard.descend(self.optimisers[0], loss / self.world.size),
        }
        self._discriminator.requires_grad_(True)
        return self.world.mean(terms | more | norms)

    def _discriminator_loss(
        self, real: Tensor, types: Tensor, z: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.no_grad():
            fake = self._precision.run(self.generator, z, types)
        return self._objective.discriminator_loss(self._judge(types), real, fake)

    def _generator_loss(
        self, real: Tensor, types: Tensor, z: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        fake = self._precision.run(self.generator, z, types)
        return self._objective.generator_loss(self._judge(types), real, fake)

    def _judge(self, types: Tensor) -> "TypedJudge":
        return TypedJudge(self._discriminator, types, self._precision)


class TypedJudge:
    """A `Judge`: the discriminator with the batch's types (B,), for one or more batches of them."""

    def __init__(self, discriminator: Discriminator, types: Tensor, precision: Precision) -> None:
        self._discriminator, self._types, self._precision = discriminator, types, precision

    def __call__(self, images: Tensor) -> Tensor:
        """See `Judge`."""
        return self._precision.run(self._discriminator, images, self._types_of(images))

    def with_slopes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `Judge`."""
        types = self._types_of(images)
        return self._precision.run(self._discriminator.with_slopes, images, types)

    def _types_of(self, images: Tensor) -> Tensor:
        return self._types.repeat(len(images) // len(self._types))
