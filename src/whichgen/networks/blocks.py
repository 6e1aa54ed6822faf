"""The pieces that generators and discriminators are built of, and the sizes they work at."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

Pull = Callable[[Tensor], Tensor]
"""Takes a gradient by a layer's output to the gradient by its input (a vector-Jacobian product)."""

LEAK = 0.2

RESOLUTIONS = tuple(
    sorted(base << n for base in (4, 5, 6, 7) for n in range(1, 7) if base << n <= 256)
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


class GroupNorm(nn.GroupNorm):
    """Group normalisation (Wu & He 2018) in float32, whatever its input is.

    So torch's autocast has it on a GPU; on a CPU it would run in bfloat16, several times slower.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, s, s) → the same in float32, of mean 0 and variance 1 in each group at first."""
        return super().forward(x.float())


class NormalisedResidual(nn.Module):
    """x + conv(SiLU(GroupNorm(x))): the residual block of the generators. (B, C, s, s) kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = GroupNorm(num_groups=8, num_channels=channels)
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(nn.functional.silu(self.norm(x)))


class Halving(nn.Module):
    """Pixel-unshuffle and convolution: (B, channels, s, s) → (B, out, s/2, s/2)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * channels, out, kernel_size=3, padding=1)

    def vjp(self, x: Tensor) -> tuple[Tensor, Pull]:
        """The output, and what takes a gradient by the output to that by x."""

        def pull(grad: Tensor) -> Tensor:
            return nn.functional.pixel_shuffle(_pull_convolution(grad, self.conv), 2)

        return self.conv(nn.functional.pixel_unshuffle(x, 2)), pull


class PlainResidual(nn.Module):
    """x + conv(leaky ReLU(conv(leaky ReLU(x)))), no normalisation: the discriminators' block.

    Norm-free, and the branch starts at 0 (Huang et al. 2024, "The GAN is dead; long live the GAN!",
    section 3.3).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv_out = nn.Conv2d(channels, channels, kernel_size=1)
        nn.init.zeros_(self.conv_out.weight)

    def vjp(self, x: Tensor) -> tuple[Tensor, Pull]:
        """The output, and what takes a gradient by the output to that by x."""
        hidden = self.conv_in(leaky_relu(x))

        def pull(grad: Tensor) -> Tensor:
            inner = pull_leaky_relu(_pull_convolution(grad, self.conv_out), hidden)
            return grad + pull_leaky_relu(_pull_convolution(inner, self.conv_in), x)

        return x + self.conv_out(leaky_relu(hidden)), pull


def leaky_relu(x: Tensor) -> Tensor:
    """x where positive, else 0.2 x."""
    return nn.functional.leaky_relu(x, LEAK)


def pull_leaky_relu(grad: Tensor, x: Tensor) -> Tensor:
    """The gradient by x of `leaky_relu(x)`; its own derivative by x is 0, so x is taken as fixed."""
    return torch.ops.aten.leaky_relu_backward(grad, x.detach(), LEAK, False)


def _pull_convolution(grad: Tensor, conv: nn.Conv2d) -> Tensor:
    """The gradient by the input of a convolution that keeps the size."""
    padding = conv.kernel_size[0] // 2
    return nn.functional.conv_transpose2d(grad, conv.weight, padding=padding)


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
