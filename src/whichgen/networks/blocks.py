"""The pieces that generators and discriminators are built of, and the sizes they work at."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from whichgen.networks.norms import GroupNorm

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


class NormalisedResidual(nn.Module):
    """x + conv(SiLU(GroupNorm(x))): the residual block of the generators. (B, C, s, s) kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = GroupNorm(num_groups=8, num_channels=channels)
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(nn.functional.silu(self.norm(x)))


class Doubling(nn.Module):
    """Pixel shuffle (Shi et al. 2016), of channels that lie as `runs` has them."""

    def forward(self, x: Tensor) -> Tensor:
        """See `shuffle`."""
        return shuffle(x)


def shuffle(x: Tensor) -> Tensor:
    """(B, 4 C, s, s), channel (2 i + j) C + c for the pixel (i, j) → (B, C, 2 s, 2 s)."""
    rows = x.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1))  # (B, s, s, 2, 2, C)
    return rows.transpose(2, 3).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


def unshuffle(x: Tensor) -> Tensor:
    """The inverse of `shuffle`: (B, C, 2 s, 2 s) → (B, 4 C, s, s)."""
    rows = x.permute(0, 2, 3, 1).unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
    return rows.transpose(2, 3).flatten(3).permute(0, 3, 1, 2)


def runs(weight: Tensor, dim: int) -> Tensor:
    """A convolution's weight (or bias), its channels reordered from (C, 2, 2) to (2, 2, C).

    torch shuffles pixel by pixel and channel by channel; in this order, and channels last, whole
    runs of channels are copied, which is many times faster. The weight stays in torch's order.
    """
    if weight.dim() == 1:
        return weight.unflatten(0, (-1, 4)).T.flatten()
    lying = weight.movedim(1, 3)  # as it lies in memory: (out, side, side, in)
    place = 3 if dim == 1 else 0
    pairs = lying.unflatten(place, (-1, 4)).transpose(place, place + 1)
    return pairs.flatten(place, place + 1).movedim(3, 1)


class DoublingConvolution(nn.Conv2d):
    """A 3×3 convolution to 4 channels for each one after `Doubling`, which follows it."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(channels, 4 * out, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, s, s) → (B, 4 · out, s, s)."""
        assert self.bias is not None
        return nn.functional.conv2d(x, runs(self.weight, 0), runs(self.bias, 0), padding=1)


class Halving(nn.Module):
    """Pixel-unshuffle and convolution: (B, channels, s, s) → (B, out, s/2, s/2)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * channels, out, kernel_size=3, padding=1)

    def vjp(self, x: Tensor) -> tuple[Tensor, Pull]:
        """The output, and what takes a gradient by the output to that by x."""
        weight = runs(self.conv.weight, 1)

        def pull(grad: Tensor) -> Tensor:
            return shuffle(pull_convolution(grad, weight))

        return nn.functional.conv2d(unshuffle(x), weight, self.conv.bias, padding=1), pull


class PlainResidual(nn.Module):
    """x + conv(leaky ReLU(conv(leaky ReLU(x)))), no normalisation: the discriminators' block.

    Norm-free, and the branch starts at 0 (Huang et al. 2024, "The GAN is dead; long live the GAN!",
    section 3.3), unless its weights are to be normalised, which has no sense for 0.
    """

    def __init__(self, channels: int, *, from_zero: bool = True) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv_out = nn.Conv2d(channels, channels, kernel_size=1)
        if from_zero:
            nn.init.zeros_(self.conv_out.weight)

    def vjp(self, x: Tensor) -> tuple[Tensor, Pull]:
        """The output, and what takes a gradient by the output to that by x."""
        hidden = self.conv_in(leaky_relu(x))

        def pull(grad: Tensor) -> Tensor:
            inner = pull_leaky_relu(pull_convolution(grad, self.conv_out.weight), hidden)
            return grad + pull_leaky_relu(pull_convolution(inner, self.conv_in.weight), x)

        return x + self.conv_out(leaky_relu(hidden)), pull


def leaky_relu(x: Tensor) -> Tensor:
    """x where positive, else 0.2 x."""
    return nn.functional.leaky_relu(x, LEAK)


def pull_leaky_relu(grad: Tensor, x: Tensor) -> Tensor:
    """The gradient by x of `leaky_relu(x)`; its own derivative by x is 0: x is taken as fixed."""
    return torch.ops.aten.leaky_relu_backward(grad, x.detach(), LEAK, False)


def pull_convolution(grad: Tensor, weight: Tensor) -> Tensor:
    """The gradient by the input of a convolution that keeps the size."""
    return nn.functional.conv_transpose2d(grad, weight, padding=weight.shape[-1] // 2)


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
