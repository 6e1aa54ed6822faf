"""The pieces that generators and discriminators are built of, and the sizes they work at."""

from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

RESOLUTIONS = tuple(
    sorted(base << n for base in (4, 5, 6, 7) for n in range(1, 5) if base << n <= 64)
)


def base_size(resolution: int) -> int:
    """The side, 4 to 7 px, from which doublings reach `resolution`; ValueError if none does."""
    if resolution not in RESOLUTIONS:
        raise ValueError(f"resolution {resolution} is not one of {RESOLUTIONS}")
    while resolution > 7:
        resolution //= 2
    return resolution


def widths(base_width: int, resolution: int) -> list[int]:
    """Channels at each side from the base up to half the resolution, halved at each doubling.

    The last doubling needs no entry: it is a pixel shuffle of the output itself.
    """
    doublings = (resolution // base_size(resolution)).bit_length() - 1
    return [max(16, (base_width >> level) // 8 * 8) for level in range(doublings)]


def same_size_convolution(before: int, after: int) -> nn.Conv2d:
    """A 3×3 convolution (B, before, s, s) → (B, after, s, s)."""
    return nn.Conv2d(before, after, kernel_size=3, padding=1)


class NormalisedResidual(nn.Module):
    """x + conv(SiLU(GroupNorm(x))): the residual block of the generators. (B, C, s, s) kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(num_groups=8, num_channels=channels)
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(nn.functional.silu(self.norm(x)))


class PlainResidual(nn.Module):
    """x + conv(leaky ReLU(x)), with no normalisation: the residual block of the discriminators.

    Norm-free, and the branch starts at 0 (Huang et al. 2024, "The GAN is dead; long live the GAN!",
    section 3.3).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv_out = nn.Conv2d(channels, channels, kernel_size=1)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor) -> Tensor:
        hidden = nn.functional.leaky_relu(self.conv_in(nn.functional.leaky_relu(x, 0.2)), 0.2)
        return x + self.conv_out(hidden)


def channels_last(network: Network) -> Network:
    """The network itself, its convolutions' weights laid out as they are computed fastest."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def to_float(images: Tensor) -> Tensor:
    """uint8 images, 0 to 255, as float32 in [-1, 1]; any shape."""
    return images.to(torch.float32).div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Float images in [-1, 1], clipped, as uint8, 0 to 255, rounded to nearest; any shape."""
    return images.clamp(-1.0, 1.0).add(1.0).mul(127.5).round().to(torch.uint8)
