"""Discriminators: sample, and type where given, to one logit, and to the logit's slope."""

import torch
from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.blocks import (
    Halving,
    PlainResidual,
    Pull,
    base_size,
    leaky_relu,
    pull_leaky_relu,
    widths,
)
from whichgen.networks.spectral import normalise_spectra


class Discriminator(nn.Module):
    """What every discriminator offers: logits, and their slopes for a penalty on them."""

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """Samples (B, *shape), types (B,) int64 → logits (B,)."""
        raise NotImplementedError

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B,), and the gradient of each by its sample (B, *shape)."""
        raise NotImplementedError


class ProjectionDiscriminator(Discriminator):
    """One whose logit is a product of its last features with a direction, which types may turn.

    With types the logit has the projection term of Miyato & Koyama 2018, eq. 3, on these features.
    """

    def _add_logit(self, width: int, n_types: int, spectral_norm: bool = False) -> None:
        """Make the last layer; for the end of a constructor, when all other layers are there.

        Args:
            width: of the last features. n_types: K, or 0 for an unconditional discriminator.
            spectral_norm: whether all weights are normalised; see `spectral`.
        """
        self.logit = nn.Linear(width, 1)
        self.projection = nn.Embedding(n_types, width) if n_types else None
        self._shrink = 1.0 if spectral_norm else width**0.5  # to the size of `logit.weight`
        if spectral_norm:
            normalise_spectra(self)

    def _direction(self, types: Tensor) -> Tensor:
        """The gradient of each logit by its last features, (B, width)."""
        shared = self.logit.weight.expand(len(types), -1)
        if self.projection is None:
            return shared
        return shared + self.projection(types) / self._shrink

    def _logits(self, features: Tensor, direction: Tensor) -> Tensor:
        """(B, width) each → (B,)."""
        return (features * direction).sum(dim=1) + self.logit.bias


class ConvolutionalDiscriminator(ProjectionDiscriminator):
    """The trunk of the generator mirrored: pixel-unshuffle halvings and residual blocks.

    No normalisation: it would tie the samples of a batch together, and the penalties are per
    sample.

    Args:
        channels, resolution: of the images. n_types: K, or 0 for an unconditional discriminator.
        width: channels at the base size. blocks: residual blocks at each size.
        spectral_norm: whether all weights are normalised; see `spectral`.
    """

    def __init__(
        self,
        *,
        channels: int,
        resolution: int,
        n_types: int,
        width: int,
        blocks: int,
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for here in reversed(widths(width, resolution)):
            layers += [Halving(before, here)]
            layers += [PlainResidual(here, from_zero=not spectral_norm) for _ in range(blocks)]
            before = here
        self.layers = nn.ModuleList(layers)
        self.pool = Places(width, base_size(resolution))
        self._add_logit(width, n_types, spectral_norm)

    def forward(self, images: Tensor, types: Tensor) -> Tensor:
        """See `Discriminator`."""
        last, _ = self._trunk(images)
        return self._logits(self.pool(leaky_relu(last)), self._direction(types))

    def with_slopes(self, images: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """See `Discriminator`.

        The gradient is written out by the chain rule, in operations that are differentiated once:
        torch differentiates a convolution's backward pass by convolutions of other shapes, which
        are slower, and torch.compile does not do it at all.
        """
        last, pulls = self._trunk(images)
        direction = self._direction(types)
        slopes = pull_leaky_relu(self.pool.pull(direction), last)
        for pull in reversed(pulls):
            slopes = pull(slopes)
        return self._logits(self.pool(leaky_relu(last)), direction), slopes

    def _trunk(self, images: Tensor) -> tuple[Tensor, list[Pull]]:
        x, pulls = images.contiguous(memory_format=torch.channels_last), []
        for layer in self.layers:
            assert isinstance(layer, Halving | PlainResidual)
            x, pull = layer.vjp(x)
            pulls.append(pull)
        return x, pulls


class Places(nn.Conv2d):
    """A learned weighting of the places in place of average pooling: s² numbers per channel.

    A depthwise convolution of the map's own size, as a product and a sum, which is faster.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__(channels, channels, kernel_size=side, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, s, s) → (B, channels)."""
        assert self.bias is not None
        return (x.permute(0, 2, 3, 1) * self._weights()).sum(dim=(1, 2)) + self.bias

    def pull(self, grad: Tensor) -> Tensor:
        """The gradient by x of the output, given that by the output: (B, channels, s, s)."""
        return (grad[:, None, None] * self._weights()).permute(0, 3, 1, 2)

    def _weights(self) -> Tensor:
        """(s, s, channels), laid out as the maps are: channels last."""
        return self.weight.squeeze(1).permute(1, 2, 0).contiguous()


def scaled_width(trunk: parameters.Trunk, factor: float, *, least: int) -> int:
    """So many times the trunk's width, as a multiple of 8, which vector units like.

    Raises:
        ValueError: if the factor is not positive.
    """
    if factor <= 0:
        raise ValueError(f"width_factor must be positive, got {factor}")
    return max(least, round(trunk.width * factor / 8) * 8)


def convolutional_discriminator(
    *,
    channels: int,
    resolution: int,
    n_types: int,
    trunk: parameters.Trunk,
    width_factor: float,
    spectral_norm: bool = False,
) -> ConvolutionalDiscriminator:
    """A discriminator `width_factor` times as wide as the trunk of the dataset's generators.

    Raises:
        ValueError: if the factor is not positive.
    """
    return ConvolutionalDiscriminator(
        channels=channels,
        resolution=resolution,
        n_types=n_types,
        width=scaled_width(trunk, width_factor, least=16),
        blocks=trunk.blocks,
        spectral_norm=spectral_norm,
    )
