"""Generators: a stem (one, or one per type) over a shared convolutional trunk."""

import torch
from torch import Tensor, nn

from whichgen.networks.blocks import (
    Doubling,
    DoublingConvolution,
    NormalisedResidual,
    base_size,
    widths,
)
from whichgen.networks.norms import GroupNorm
from whichgen.networks.stems import SharedStem, StemSet


class Trunk(nn.Module):
    """Feature map to image: residual blocks, with a pixel-shuffle doubling after each size.

    Sides run from `base_size(resolution)` to half the resolution; the output convolution makes the
    last doubling (Shi et al. 2016, sub-pixel convolution). Both families use this same class.
    """

    def __init__(self, channels: int, resolution: int, width: int, blocks: int) -> None:
        super().__init__()
        sizes = widths(width, resolution)
        layers: list[nn.Module] = []
        for level, here in enumerate(sizes):
            layers += [NormalisedResidual(here) for _ in range(blocks)]
            last = level == len(sizes) - 1
            after = channels if last else sizes[level + 1]
            layers += [GroupNorm(8, here), nn.SiLU()]
            layers += [DoublingConvolution(here, after), Doubling()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, width, s, s) → images (B, C, R, R) in [-1, 1]."""
        return torch.tanh(self.layers(x.contiguous(memory_format=torch.channels_last)))


class Generator(nn.Module):
    """Latents and types to images. How many generators it holds is the stem's affair alone.

    Args:
        channels, resolution: of the images, 1 or 3 and one of `RESOLUTIONS` (px).
        n_types: number K of types; 0 where the generator gets no types.
        shares: the K shares by which `sample` draws types; empty where `n_types` is 0.
        stem: `SharedStem` (one generator) or `StemSet` (K generators).
        latent: dimension of z ~ N(0, I).
        width: channels at the base size. blocks: residual blocks at each size.
    """

    shares: Tensor

    def __init__(
        self,
        *,
        channels: int,
        resolution: int,
        n_types: int,
        shares: list[float],
        stem: type[SharedStem] | type[StemSet],
        latent: int,
        width: int,
        blocks: int,
    ) -> None:
        super().__init__()
        self.latent = latent
        self.n_types = n_types
        self.first = (width, base_size(resolution), base_size(resolution))
        self.stem = stem(latent, width * self.first[1] ** 2, n_types)
        self.trunk = Trunk(channels, resolution, width, blocks)
        self.register_buffer("shares", torch.tensor(shares or [1.0]))

    def forward(self, z: Tensor, types: Tensor) -> Tensor:
        """z (B, latent), types (B,) int64 → images (B, C, R, R) in [-1, 1]."""
        return self.trunk(self.stem(z, types).unflatten(1, self.first))

    def each(self, z: Tensor) -> Tensor:
        """All K generators of a set at once: z (K, B, latent) → images (K, B, C, R, R)."""
        assert isinstance(self.stem, StemSet)
        first = self.stem.batched(z).flatten(0, 1).unflatten(1, self.first)  # (K·B, width, s, s)
        return self.trunk(first).unflatten(0, z.shape[:2])

    @torch.no_grad()
    def sample(
        self, n: int, rng: torch.Generator, types: Tensor | None = None, *, batch: int = 512
    ) -> tuple[Tensor, Tensor]:
        """Draw n images, (n, C, R, R) float32 in [-1, 1], and their types, (n,) int64.

        Latents are drawn on the CPU from `rng`, so that the same seed means the same latents on
        every device. `types` (n,) asks for given types; without it they follow the data's shares.
        """
        device = self.shares.device
        z = torch.randn(n, self.latent, generator=rng)
        if types is None:
            types = torch.multinomial(self.shares.cpu(), n, replacement=True, generator=rng)
        pieces = [
            self(z[i : i + batch].to(device), types[i : i + batch].to(device)).float().cpu()
            for i in range(0, n, batch)
        ]
        return torch.cat(pieces), types.cpu()
