"""The recipes' networks as plain modules in torch's default layout, for the textbook loops.

The same functions as those of `whichgen.networks`, written out as one would from the papers, with
the product's weights copied in, so that both loops start from the same place.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from whichgen import networks
from whichgen.networks.blocks import base_size, widths
from whichgen.parameters import Trunk


class GeneratorBlock(nn.Module):
    """x + conv(SiLU(GroupNorm(x)))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, s, s) kept."""
        return x + self.conv(functional.silu(self.norm(x)))


class DiscriminatorBlock(nn.Module):
    """x + conv(leaky ReLU(conv(leaky ReLU(x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, s, s) kept."""
        hidden = self.conv1(functional.leaky_relu(x, 0.2))
        return x + self.conv2(functional.leaky_relu(hidden, 0.2))


def generator_trunk(info: dict[str, Any], size: Trunk) -> nn.Sequential:
    """Feature map (B, width, s, s) to image (B, C, R, R) in [-1, 1]."""
    channels = widths(size.width, info["resolution"])
    layers: list[nn.Module] = []
    for here, after in zip(channels, [*channels[1:], info["channels"]], strict=True):
        layers += [GeneratorBlock(here) for _ in range(size.blocks)]
        layers += [nn.GroupNorm(8, here), nn.SiLU()]
        layers += [nn.Conv2d(here, 4 * after, 3, padding=1), nn.PixelShuffle(2)]
    return nn.Sequential(*layers, nn.Tanh())


class Generator(nn.Module):
    """One generator that is given the type: latent and embedding, a linear layer, the trunk."""

    def __init__(self, source: networks.Generator, info: dict[str, Any], size: Trunk) -> None:
        super().__init__()
        width, side, _ = self.first = source.trunk.first
        self.embedding = nn.Embedding(source.n_types, source.latent)
        self.linear = nn.Linear(2 * source.latent, width * side**2)
        self.trunk = generator_trunk(info, size)
        copy_weights(source.parameters(), self.parameters())

    def forward(self, z: Tensor, types: Tensor) -> Tensor:
        """z (B, latent), types (B,) → (B, C, R, R)."""
        hidden = self.linear(torch.cat([z, self.embedding(types)], dim=1))
        return self.trunk(hidden.view(-1, *self.first))


class GeneratorSet(nn.Module):
    """K generators: a linear layer for each, and one trunk."""

    def __init__(self, source: networks.Generator, info: dict[str, Any], size: Trunk) -> None:
        super().__init__()
        width, side, _ = self.first = source.trunk.first
        self.stems = nn.ModuleList(
            nn.Linear(source.latent, width * side**2) for _ in range(source.n_types)
        )
        self.trunk = generator_trunk(info, size)
        assert isinstance(source.stem, networks.StemSet)
        for k, stem in enumerate(self.stems):
            weights = [source.stem.weight[k].T, source.stem.bias[k, 0]]
            copy_weights(weights, stem.parameters())
        copy_weights(source.trunk.parameters(), self.trunk.parameters())

    def forward(self, z: Tensor, k: int) -> Tensor:
        """z (B, latent) → images of type k, (B, C, R, R)."""
        return self.trunk(self.stems[k](z).view(-1, *self.first))


class Discriminator(nn.Module):
    """Halvings and residual blocks, one weight a place in place of pooling, a projected type."""

    def __init__(
        self, source: networks.ConvolutionalDiscriminator, info: dict[str, Any], size: Trunk
    ) -> None:
        super().__init__()
        width = source.logit.in_features
        layers: list[nn.Module] = []
        before = info["channels"]
        for here in reversed(widths(width, info["resolution"])):
            layers += [nn.PixelUnshuffle(2), nn.Conv2d(4 * before, here, 3, padding=1)]
            layers += [DiscriminatorBlock(here) for _ in range(size.blocks)]
            before = here
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2))
        self.pool = nn.Conv2d(width, width, base_size(info["resolution"]), groups=width)
        self.logit = nn.Linear(width, 1)
        self.projection = nn.Embedding(len(info["types"]["names"]), width)
        copy_weights(source.parameters(), self.parameters())

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """images (B, C, R, R), types (B,) → logits (B,)."""
        pooled = self.pool(self.layers(images)).flatten(1)  # (B, width)
        projected = (self.projection(types) * pooled).sum(dim=1) / pooled.shape[1] ** 0.5
        return self.logit(pooled).squeeze(1) + projected


@torch.no_grad()
def copy_weights(sources: Iterable[Tensor], targets: Iterable[Tensor]) -> None:
    """Copy tensor by tensor, in the order in which both networks name them."""
    for source, target in zip(sources, targets, strict=True):
        assert source.shape == target.shape, (source.shape, target.shape)
        target.copy_(source)


@torch.no_grad()
def average_weights(average: nn.Module, source: nn.Module, decay: float, step: int) -> None:
    """An exponential moving average, one parameter after the other; the decay ramps up."""
    decay = min(decay, (1 + step) / (10 + step))
    for mean, parameter in zip(average.parameters(), source.parameters(), strict=True):
        mean.mul_(decay).add_(parameter, alpha=1 - decay)
