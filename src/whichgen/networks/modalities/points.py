"""Points for networks: (B, d), each number less its mean and over its deviation in training."""

from types import MappingProxyType

import torch
from torch import Tensor, nn

from whichgen.errors import WhichgenError
from whichgen.forms import Form
from whichgen.networks.augment import DiffAugment
from whichgen.networks.modalities.modality import Augment, Modality
from whichgen.networks.multilayer import multilayer_discriminator, multilayer_generator
from whichgen.parameters import Augmentation

VARIED, SPOILT = 0.01, 0.1  # deviations of noise, where the data's is 1


class Points(Modality):
    """See `Modality`."""

    generators = MappingProxyType({"multilayer": multilayer_generator})
    discriminators = MappingProxyType({"multilayer": multilayer_discriminator})

    def __init__(self, form: Form) -> None:
        super().__init__(form)
        self._there: dict[torch.device, tuple[Tensor, Tensor]] = {}
        levels = (0.0, 0.1, 0.2, 0.4)
        self.corruptions = {"noise": (levels, self._add_noise), "shrinking": (levels, self._shrink)}

    def sizes(self, pack: int = 1) -> dict[str, int]:
        """The dimension, of all points of a pack together."""
        return {"dimension": pack * self.form.shape[0]}

    def to_float(self, stored: Tensor) -> Tensor:
        """Standardised."""
        mean, deviation = self._constants(stored.device)
        return (stored - mean) / deviation

    def to_stored(self, samples: Tensor) -> Tensor:
        """On the data's own scale."""
        mean, deviation = self._constants(samples.device)
        return samples.float() * deviation + mean

    def extractor(self, width: int, features: int) -> nn.Sequential:
        """Two hidden layers."""
        return nn.Sequential(
            nn.Linear(self.form.shape[0], width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, features),
            nn.BatchNorm1d(features),
        )

    def vary(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """With a little Gaussian noise."""
        return samples + VARIED * _noise(samples, rng)

    def spoil(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """With Gaussian noise of a strength of its own for each."""
        strength = torch.rand(len(samples), 1, generator=rng).to(samples.device)
        return samples + SPOILT * strength * _noise(samples, rng)

    def augment(self, strengths: Augmentation) -> Augment:
        """None."""
        if any(dict(strengths).values()):
            raise WhichgenError(
                "discriminator.augment: its augmentations are of images, and these are points; "
                "leave it out"
            )
        return DiffAugment(strengths)

    def likeness(self, stored: Tensor) -> Tensor:
        """The points themselves, standardised."""
        return self.to_float(stored)

    def _constants(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Mean and deviation (d,); made once, because a CUDA graph allows no copy to the device."""
        if device not in self._there:
            mean, deviation = self.form.description()["mean"], self.form.description()["deviation"]
            self._there[device] = torch.tensor(mean).to(device), torch.tensor(deviation).to(device)
        return self._there[device]

    def _add_noise(self, points: Tensor, level: float, rng: torch.Generator) -> Tensor:
        """Gaussian noise, its deviation a share `level` of the data's."""
        samples = self.to_float(points)
        return self.to_stored(samples + level * _noise(samples, rng))

    def _shrink(self, points: Tensor, level: float, rng: torch.Generator) -> Tensor:
        """A share `level` of the way to the mean."""
        return self.to_stored((1 - level) * self.to_float(points))


def _noise(samples: Tensor, rng: torch.Generator) -> Tensor:
    return torch.randn(samples.shape, generator=rng).to(samples.device)
