"""Images for networks: (B, C, R, R) in [-1, 1]."""

from types import MappingProxyType

import torch
from torch import Tensor, nn

from whichgen.networks.article import article_discriminator, article_generator
from whichgen.networks.augment import DiffAugment
from whichgen.networks.blocks import to_float, to_uint8
from whichgen.networks.corruptions import add_noise, blur, mask
from whichgen.networks.discriminators import convolutional_discriminator
from whichgen.networks.generators import convolutional_generator
from whichgen.networks.modalities.modality import Augment, Modality
from whichgen.networks.spoiling import shift, spoil
from whichgen.parameters import Augmentation


class Images(Modality):
    """See `Modality`."""

    generators = MappingProxyType(
        {"convolutional": convolutional_generator, "article": article_generator}
    )
    discriminators = MappingProxyType(
        {"convolutional": convolutional_discriminator, "article": article_discriminator}
    )
    corruptions = MappingProxyType(
        {
            "noise": ((0.0, 0.1, 0.2, 0.4), add_noise),
            "blur": ((0.0, 0.06, 0.09, 0.12), blur),
            "masking": ((0.0, 0.25, 0.375, 0.5), mask),
        }
    )
    external_judges = ("inception", "dinov2")

    def sizes(self, pack: int = 1) -> dict[str, int]:
        """Channels, of all images of a pack, and resolution."""
        channels, resolution = self.form.shape[:2]
        return {"channels": pack * channels, "resolution": resolution}

    def to_float(self, stored: Tensor) -> Tensor:
        """See `blocks.to_float`."""
        return to_float(stored)

    def to_stored(self, samples: Tensor) -> Tensor:
        """See `blocks.to_uint8`."""
        return to_uint8(samples)

    def extractor(self, width: int, features: int) -> nn.Sequential:
        """A few convolutions and a linear layer."""
        channels, resolution = self.form.shape[:2]
        side = (resolution + 3) // 4
        return nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * side**2, features),
            nn.BatchNorm1d(features),
        )

    def vary(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """See `spoiling.shift`."""
        return shift(samples, rng)

    def spoil(self, samples: Tensor, rng: torch.Generator) -> Tensor:
        """See `spoiling.spoil`."""
        return spoil(samples, rng)

    def augment(self, strengths: Augmentation) -> Augment:
        """DiffAugment."""
        return DiffAugment(strengths)
