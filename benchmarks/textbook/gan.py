"""The GAN's training loop as one would write it from the paper.

Huang et al. 2024 (R3GAN), eqs. 2 to 4: D sees real and generated images in a pass each, with a
penalty each.
"""

import copy
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader

from benchmarks.textbook.data import Images
from benchmarks.textbook.networks import Discriminator, Generator, average_weights
from benchmarks.workloads import SEED, Workload
from whichgen import networks
from whichgen.parameters import GanRecipe
from whichgen.training.update import Update


class TextbookGan:
    """Generator and discriminator with the weights of `update` as it is now.

    Args:
        workers: processes that load the data.
    """

    def __init__(self, workload: Workload, update: Update, *, workers: int) -> None:
        recipe = workload.recipes["gan"]
        assert isinstance(recipe, GanRecipe)
        self._training, self._gamma = recipe.training, recipe.objective.arguments()["gamma"]
        self._latent = recipe.generator.latent
        discriminator = update.networks["discriminator"]
        assert isinstance(discriminator, networks.ConvolutionalDiscriminator)
        self.generator = Generator(update.generator, workload.info, workload.trunk)
        self.discriminator = Discriminator(discriminator, workload.info, workload.trunk)
        self.average = copy.deepcopy(self.generator)
        self._g_optimiser = self._optimiser(self.generator, 1.0)
        factor = self._training.discriminator_rate_factor
        self._d_optimiser = self._optimiser(self.discriminator, factor)
        loader = DataLoader(
            Images(workload.images, workload.types),
            batch_size=self._training.batch,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            generator=torch.Generator().manual_seed(SEED),
        )
        self._batches, self._step = _endless(loader), 0

    def train(self, steps: int) -> None:
        """Make the next steps on the loader's batches."""
        for _ in range(steps):
            real, types = next(self._batches)
            self.step(real, types, torch.randn(2, len(real), self._latent))

    def step(self, real: Tensor, types: Tensor, z: Tensor) -> dict[str, float]:
        """One step of D and of G; the losses. real (B, C, R, R), types (B,), z (2, B, latent)."""
        with torch.no_grad():
            fake = self.generator(z[0], types)
        real.requires_grad_(True)
        fake.requires_grad_(True)
        d_real, d_fake = self.discriminator(real, types), self.discriminator(fake, types)
        pairing = softplus(d_fake - d_real).mean()
        r1, r2 = _penalty(d_real, real), _penalty(d_fake, fake)
        d_loss = pairing + 0.5 * self._gamma * (r1 + r2)
        self._d_optimiser.zero_grad()
        d_loss.backward()
        self._d_optimiser.step()

        self.discriminator.requires_grad_(False)
        fake = self.generator(z[1], types)
        gap = self.discriminator(real.detach(), types) - self.discriminator(fake, types)
        g_loss = softplus(gap).mean()
        self._g_optimiser.zero_grad()
        g_loss.backward()
        self._g_optimiser.step()
        self.discriminator.requires_grad_(True)

        average_weights(self.average, self.generator, self._training.ema_decay, self._step)
        self._step += 1
        return {
            "d_pairing": pairing.item(),
            "d_r1": r1.item(),
            "d_r2": r2.item(),
            "g_pairing": g_loss.item(),
        }

    def _optimiser(self, network: nn.Module, factor: float) -> torch.optim.AdamW:
        return torch.optim.AdamW(
            network.parameters(),
            self._training.rate * factor,
            betas=self._training.betas,
            weight_decay=self._training.weight_decay,
        )


def _endless(loader: Iterable[list[Tensor]]) -> Iterator[list[Tensor]]:
    while True:
        yield from loader


def _penalty(logits: Tensor, images: Tensor) -> Tensor:
    """The mean over the batch of the squared norm of D's gradient by the image."""
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()
