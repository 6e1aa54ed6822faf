"""What is wrong with images that a judge must see is wrong: more and more of it, by a level."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad


def add_noise(images: Tensor, level: float, rng: torch.Generator) -> Tensor:
    """uint8 images with Gaussian noise, its deviation a share `level` of the range of a pixel."""
    noise = torch.randn(images.shape, generator=rng)
    return _bytes(images + 255 * level * noise)


def blur(images: Tensor, level: float, rng: torch.Generator) -> Tensor:
    """uint8 images under a Gaussian window, its deviation a share `level` of the side."""
    if level == 0:
        return images
    deviation = level * images.shape[-1]
    reach = math.ceil(3 * deviation)
    window = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * deviation**2))
    window /= window.sum()
    planes = pad(images.float().flatten(0, 1)[:, None], (reach,) * 4, mode="replicate")
    planes = conv2d(conv2d(planes, window.view(1, 1, 1, -1)), window.view(1, 1, -1, 1))
    return _bytes(planes.view(images.shape))


def mask(images: Tensor, level: float, rng: torch.Generator) -> Tensor:
    """uint8 images, each with a black square somewhere, its side a share `level` of the image's."""
    side = images.shape[-1]
    edge = round(level * side)
    corners = (torch.rand(2, len(images), 1, generator=rng) * (side - edge + 1)).long()
    ahead = torch.arange(side) - corners  # (2, N, R)
    rows, columns = (ahead >= 0) & (ahead < edge)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def _bytes(pixels: Tensor) -> Tensor:
    return pixels.round().clamp(0, 255).to(torch.uint8)
