"""Discriminators: image, and type where given, to one logit."""

import torch
from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.blocks import PlainResidual, base_size, widths


class Discriminator(nn.Module):
    """The trunk of the generator mirrored: pixel-unshuffle halvings and residual blocks.

    No normalisation: it would tie the samples of a batch together, and the penalties are per
    sample. With `n_types` > 0 the logit has the projection term of Miyato & Koyama 2018, eq. 3.

    Args:
        channels, resolution: of the images. n_types: K, or 0 for an unconditional discriminator.
        width: channels at the base size. blocks: residual blocks at each size.
    """

    def __init__(
        self, *, channels: int, resolution: int, n_types: int, width: int, blocks: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for here in reversed(widths(width, resolution)):
            layers += [nn.PixelUnshuffle(2), nn.Conv2d(4 * before, here, kernel_size=3, padding=1)]
            layers += [PlainResidual(here) for _ in range(blocks)]
            before = here
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2))
        # A learned weighting of the places in place of average pooling: one number per channel.
        self.pool = nn.Conv2d(width, width, kernel_size=base_size(resolution), groups=width)
        self.logit = nn.Linear(width, 1)
        self.projection = nn.Embedding(n_types, width) if n_types else None

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """images (B, C, R, R), types (B,) int64 → logits (B,)."""
        pooled = self.pool(
            self.layers(images.contiguous(memory_format=torch.channels_last))
        ).flatten(1)  # (B, width)
        logits = self.logit(pooled).squeeze(1)
        if self.projection is None:
            return logits
        return logits + (self.projection(types) * pooled).sum(dim=1) / pooled.shape[1] ** 0.5


def convolutional_discriminator(
    *,
    channels: int,
    resolution: int,
    n_types: int,
    trunk: parameters.Trunk,
    width_factor: float,
) -> Discriminator:
    """A discriminator `width_factor` times as wide as the trunk of the dataset's generators.

    Raises:
        ValueError: if the factor is not positive.
    """
    if width_factor <= 0:
        raise ValueError(f"width_factor must be positive, got {width_factor}")
    width = max(16, round(trunk.width * width_factor / 8) * 8)  # vector units like multiples of 8
    return Discriminator(
        channels=channels, resolution=resolution, n_types=n_types, width=width, blocks=trunk.blocks
    )
