"""Generators: a stem (one, or one per type) over a trunk; here, the convolutional one."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from whichgen import parameters
from whichgen.networks.blocks import (
    Doubling,
    DoublingConvolution,
    NormalisedResidual,
    base_size,
    widths,
)
from whichgen.networks.norms import GroupNorm
from whichgen.networks.sets import SETS, OwnLayer, Stems
from whichgen.networks.stems import SharedStem, StemSet

if TYPE_CHECKING:
    from whichgen.networks.modalities import Modality


class Trunk(nn.Module):
    """Feature map to image: residual blocks, with a pixel-shuffle doubling after each size.

    Sides run from `base_size(resolution)` to half the resolution; the output convolution makes the
    last doubling (Shi et al. 2016, sub-pixel convolution). Both families use this same class.

    Args:
        channels, resolution: of the images, 1 or 3 and one of `RESOLUTIONS` (px).
        width: channels at the base size. blocks: residual blocks at each size.
        parts: which layers each generator of a set has of its own.
    """

    def __init__(
        self, channels: int, resolution: int, width: int, blocks: int, parts: Stems
    ) -> None:
        super().__init__()
        self.first = (width, base_size(resolution), base_size(resolution))
        sizes = widths(width, resolution)
        layers: list[nn.Module] = []
        for level, here in enumerate(sizes):
            for _ in range(blocks):
                layers += [NormalisedResidual(here), *parts.after_block(here)]
            last = level == len(sizes) - 1
            after = channels if last else sizes[level + 1]
            convolution = parts.output if last else DoublingConvolution
            layers += [GroupNorm(8, here), nn.SiLU(), convolution(here, after), Doubling()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor, types: Tensor | None) -> Tensor:
        """x (B, width · s²), types (B,) → images (B, C, R, R) in [-1, 1]; types: see `OwnLayer`."""
        x = x.unflatten(1, self.first).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = layer(x, types) if isinstance(layer, OwnLayer) else layer(x)
        return torch.tanh(x)


class Generator(nn.Module):
    """Latents and types to samples. How many generators it holds is the affair of its layers.

    Args:
        latent: dimension of z ~ N(0, I).
        shares: the K shares by which `sample` draws types; empty where it gets no types.
        stem: a `SharedStem` (one generator) or a `StemSet` (K generators).
        trunk: (B, the stem's outputs) and types (B,), or None for K equal parts, to samples.

    Attributes:
        modality: of its samples; `build_generator` sets it.
    """

    shares: Tensor
    modality: "Modality"

    def __init__(
        self, *, latent: int, shares: list[float], stem: SharedStem | StemSet, trunk: nn.Module
    ) -> None:
        super().__init__()
        self.latent = latent
        self.n_types = len(shares)
        self.stem = stem
        self.trunk = trunk
        self.register_buffer("shares", torch.tensor(shares or [1.0]))

    def forward(self, z: Tensor, types: Tensor) -> Tensor:
        """z (B, latent), types (B,) int64 → samples (B, *shape)."""
        return self.trunk(self.stem(z, types), types)

    def each(self, z: Tensor) -> Tensor:
        """All K generators of a set at once: z (K, B, latent) → samples (K, B, *shape)."""
        assert isinstance(self.stem, StemSet)
        return self.trunk(self.stem.batched(z).flatten(0, 1), None).unflatten(0, z.shape[:2])

    @torch.no_grad()
    def sample(
        self, n: int, rng: torch.Generator, types: Tensor | None = None, *, batch: int = 512
    ) -> tuple[Tensor, Tensor]:
        """Draw n samples, (n, *shape) float32, and their types, (n,) int64.

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


def convolutional_generator(
    *,
    latent: int,
    shares: list[float],
    stem: type[SharedStem] | type[StemSet],
    channels: int,
    resolution: int,
    trunk: parameters.Trunk,
    set: str = "stems",
    **options: Any,
) -> Generator:
    """The generator that both families use, of the size that the dataset gives its trunk.

    Args:
        set: what each generator of a set has of its own, a name of `SETS`; options: of that.
            A single generator has no such choice.

    Raises:
        ValueError: for another name, or a choice for a single generator.
    """
    if set not in SETS:
        raise ValueError(f"set: '{set}' is not one of {', '.join(SETS)}")
    if stem is SharedStem and set != "stems":
        raise ValueError(f"set: '{set}' is for a set of generators, and this is one")
    parts = SETS[set](len(shares), **options)
    outputs = trunk.width * base_size(resolution) ** 2
    return Generator(
        latent=latent,
        shares=shares,
        stem=stem(latent, outputs, len(shares)),
        trunk=Trunk(channels, resolution, trunk.width, trunk.blocks, parts),
    )
