"""The GAN's update: discriminator, then generator, once each."""

import torch
from torch import Tensor, nn

from whichgen.networks import Augment, Discriminator, Generator, iterate_power
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

    Args:
        augment: what all images go through on their way to D. Both of a pair go through the same,
            which is drawn anew for D's loss and for G's.
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
        augment: Augment,
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
        self._augment, self._precision = augment, precision

    def step(self, step: int) -> dict[str, Tensor]:
        """Update both networks once; the terms of both losses, as tensors still on the device."""
        return self.descend(*self.draw(step))

    def draw(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Real samples (B, *shape), stored, and their types (B,); for D's loss and for G's, latents
        (2, B, latent) and noise (2, B, draws), the objective's and the augmentation's.
        """
        stored, types = self._batches.at(step, self._batch)
        rng = stream(self._seed, "latents", step)
        z = torch.randn(2, self._batch, self.generator.latent, generator=rng)
        rng, draws = stream(self._seed, "objective", step), sum(self._columns)
        noise = torch.rand(2, self._batch, draws, generator=rng)
        z, noise = (send(self.world.part(x, dim=1), stored.device) for x in (z, noise))
        return stored, types, z, noise

    def descend(self, *drawn: Tensor) -> dict[str, Tensor]:
        """See `Update`."""
        stored, types, z, noise = drawn
        real = self.generator.modality.to_float(stored)
        iterate_power(self._discriminator)
        loss, terms = self.losses["discriminator"](real, types, z[0], noise[0])
        norm = self.guard.descend(self.optimisers[1], loss / self.world.size)
        self._discriminator.requires_grad_(False)
        loss, more = self.losses["generator"](real, types, z[1], noise[1])
        norms = {
            "d_gradient_norm": norm,
            "g_gradient_norm": self.guard.descend(self.optimisers[0], loss / self.world.size),
        }
        self._discriminator.requires_grad_(True)
        return self.world.mean(terms | more | norms)

    @property
    def _columns(self) -> tuple[int, int]:
        """How many columns of the noise are the objective's, and how many the augmentation's."""
        return self._objective.draws, self._augment.draws

    def _discriminator_loss(
        self, real: Tensor, types: Tensor, z: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.no_grad():
            fake = self._precision.run(self.generator, z, types)
        own, others = noise.split(self._columns, dim=1)
        return self._objective.discriminator_loss(self._judge(types, others), real, fake, own)

    def _generator_loss(
        self, real: Tensor, types: Tensor, z: Tensor, noise: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        fake = self._precision.run(self.generator, z, types)
        _, others = noise.split(self._columns, dim=1)
        return self._objective.generator_loss(self._judge(types, others), real, fake)

    def _judge(self, types: Tensor, noise: Tensor) -> "BatchJudge":
        return BatchJudge(self._discriminator, types, self._augment, noise, self._precision)


class BatchJudge:
    """A `Judge`: the discriminator, with what a batch of B has of types and of augmentation.

    Several batches have the same of both. Slopes are by the augmented images.

    Args:
        types: (B,). noise: (B, draws), for `augment`.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        types: Tensor,
        augment: Augment,
        noise: Tensor,
        precision: Precision,
    ) -> None:
        self._discriminator, self._types = discriminator, types
        self._augment, self._noise, self._precision = augment, noise, precision

    def __call__(self, images: Tensor) -> Tensor:
        """See `Judge`."""
        return self._precision.run(self._discriminator, *self._seen(images))

    def with_slopes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `Judge`."""
        return self._precision.run(self._discriminator.with_slopes, *self._seen(images))

    def _seen(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The images as D sees them, and their types."""
        n = len(images) // len(self._types)
        return self._augment(images, self._noise.repeat(n, 1)), self._types.repeat(n)
