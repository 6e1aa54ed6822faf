"""The DGN's update: every generator of the set against the real samples of its own type."""

import torch
from torch import Tensor, nn

from whichgen.networks import Generator, to_float
from whichgen.objectives.direct import DirectObjective
from whichgen.training.batches import TypedBatches
from whichgen.training.seeding import stream


class DirectUpdate:
    """One step: G samples of each generator, P real ones of each type, descend the direct loss.

    Args:
        clip: the norm to which gradients are clipped; infinity for none.
    """

    def __init__(
        self,
        *,
        generator: Generator,
        objective: DirectObjective,
        batches: TypedBatches,
        generated_per_type: int,
        real_per_type: int,
        clip: float,
        seed: int,
        optimiser: torch.optim.Optimizer,
    ) -> None:
        self.generator = generator
        self.trained = nn.ModuleList([generator])
        self.optimisers = [optimiser]
        self.images_per_step = real_per_type * generator.n_types
        self._objective, self._batches, self._seed = objective, batches, seed
        self._generated, self._real, self._clip = generated_per_type, real_per_type, clip

    def step(self, step: int) -> dict[str, Tensor]:
        """Update the set once; the terms of the loss, as tensors still on the device."""
        real = to_float(self._batches.at(step, self._real))  # (K, P, C, R, R)
        rng = stream(self._seed, "latents", step)
        shape = (self.generator.n_types, self._generated, self.generator.latent)
        z = torch.randn(shape, generator=rng).to(real.device)
        fake = self.generator.each(z)  # (K, G, C, R, R)
        loss, terms = self._objective(fake.flatten(2), real.flatten(2))
        self.optimisers[0].zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), self._clip)
        self.optimisers[0].step()
        return terms | {"loss": loss.detach(), "gradient_norm": norm}
