"""The DGN's training loop as one would write it from the paper.

Deng, He et al. 2026 (drifting), per type: one type after the other, each with its own linear layer
before the shared trunk, its own distances by `torch.cdist` and its own loss.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader

from benchmarks.textbook.data import Images, SameOfEachType
from benchmarks.textbook.networks import GeneratorSet, average_weights
from benchmarks.workloads import SEED, Workload
from whichgen.networks import Classifier
from whichgen.parameters import DgnRecipe
from whichgen.training.update import Update


class TextbookDgn:
    """The set of generators with the weights of `update` as it is now, and its encoder.

    Args:
        workers: processes that load the data.
    """

    def __init__(self, workload: Workload, update: Update, *, workers: int) -> None:
        recipe = workload.recipes["dgn"]
        assert isinstance(recipe, DgnRecipe)
        self._training = recipe.training
        self._temperatures = recipe.objective.arguments()["temperatures"]
        self._latent = recipe.generator.latent
        encoder = update.networks["encoder"]
        assert isinstance(encoder, Classifier)
        self._encoder = copy.deepcopy(encoder).to(memory_format=torch.contiguous_format)
        self.generator = GeneratorSet(update.generator, workload.info, workload.trunk)
        self.average = copy.deepcopy(self.generator)
        self.optimiser = torch.optim.AdamW(
            self.generator.parameters(),
            self._training.rate,
            betas=self._training.betas,
            weight_decay=self._training.weight_decay,
        )
        n_types = len(self.generator.stems)
        sampler = SameOfEachType(workload.types, n_types, self._training.real_per_type, SEED)
        data = Images(workload.images, self._features_of_all(workload.images))
        loader = DataLoader(data, batch_sampler=sampler, num_workers=workers)
        self._batches, self._step = iter(loader), 0

    def train(self, steps: int) -> None:
        """Make the next steps on the loader's batches."""
        n_types, generated = len(self.generator.stems), self._training.generated_per_type
        for _ in range(steps):
            images, features = next(self._batches)
            z = torch.randn(n_types, generated, self._latent)
            self.step(images.unflatten(0, (n_types, -1)), features.unflatten(0, (n_types, -1)), z)

    def step(self, images: Tensor, features: Tensor, z: Tensor) -> dict[str, float]:
        """One step; loss and gradient norm.

        images (K, P, C, R, R) and features (K, P, d) of real samples, z (K, G, latent).
        """
        losses = []
        for k in range(len(z)):
            fake = self.generator(z[k], k)
            losses.append(self._drifting_loss(fake.flatten(1), images[k].flatten(1)))
            losses.append(self._drifting_loss(self.features(fake), features[k]))
        loss = torch.stack(losses).sum() / len(z)
        self.optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), self._training.clip)
        self.optimiser.step()
        average_weights(self.average, self.generator, self._training.ema_decay, self._step)
        self._step += 1
        return {"loss": loss.item(), "gradient_norm": norm.item()}

    def features(self, images: Tensor) -> Tensor:
        """The encoder's standardised features: (B, C, R, R) → (B, d)."""
        return (self._encoder.layers(images) - self._encoder.centre) / self._encoder.scale

    @torch.no_grad()
    def _features_of_all(self, images: Tensor) -> Tensor:
        return torch.cat([self.features(x.float() / 127.5 - 1.0) for x in images.split(1000)])

    def _drifting_loss(self, fake: Tensor, real: Tensor) -> Tensor:
        """One type's loss: fake (G, D), real (P, D)."""
        with torch.no_grad():
            distances = torch.cdist(fake, torch.cat([fake, real]))  # (G, G + P)
            mean = distances.mean().clamp_min(1e-3)
            unit = mean / fake.shape[1] ** 0.5
            distances = distances / mean
            distances[:, : len(fake)] += 100 * torch.eye(len(fake))
            force = torch.zeros_like(fake)
            for temperature in self._temperatures:
                logits = -distances / temperature
                affinity = logits.softmax(dim=1) * logits.softmax(dim=0)
                affinity = affinity.clamp_min(1e-6).sqrt()
                push, pull = affinity[:, : len(fake)], affinity[:, len(fake) :]
                towards = (pull * push.sum(dim=1, keepdim=True)) @ (real / unit)
                away = (push * pull.sum(dim=1, keepdim=True)) @ (fake / unit)
                drift = towards - away
                force += drift / drift.square().mean().sqrt()
            target = fake / unit + force
        return mse_loss(fake / unit, target)
