"""What a discriminator's images go through before it sees them, real and generated ones alike.

Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training" (DiffAugment): the
generator's gradient flows through it, so that what it generates is not augmented itself.
"""

import torch
from torch import Tensor

from whichgen.parameters import Augmentation

DRAWS = 6  # brightness, contrast, a shift and a hole in two directions each


class DiffAugment:
    """Brightness, contrast, translation and cutout, by random numbers that are given.

    Args:
        strengths: of each; what is 0 is not done.

    Attributes:
        draws: columns of uniform noise that it wants; 0 where it does nothing.
    """

    def __init__(self, strengths: Augmentation) -> None:
        self._strengths = strengths
        self.draws = DRAWS if any(dict(strengths).values()) else 0

    def __call__(self, images: Tensor, noise: Tensor) -> Tensor:
        """images (B, C, R, R), noise (B, draws) uniform from 0 to 1 → images, augmented."""
        if not self.draws:
            return images
        strengths, by = self._strengths, noise.unbind(1)
        x = brightened(images, strengths.brightness * (by[0] - 0.5))
        x = contrasted(x, strengths.contrast * (by[1] - 0.5))
        if shift := round(strengths.translation * x.shape[2]):
            x = translated(x, *(_integers(u, 2 * shift + 1) - shift for u in by[2:4]), most=shift)
        if side := round(strengths.cutout * x.shape[2]):
            centres = [_integers(u, x.shape[2] + 1 - side % 2) for u in by[4:6]]
            x = cut_out(x, *centres, side=side)
        return x


def brightened(images: Tensor, by: Tensor) -> Tensor:
    """images (B, C, R, R) plus `by` (B,)."""
    return images + by.view(-1, 1, 1, 1)


def contrasted(images: Tensor, by: Tensor) -> Tensor:
    """images (B, C, R, R), their deviations from each one's mean 1 + `by` (B,) times as large."""
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return images + by.view(-1, 1, 1, 1) * (images - mean)


def translated(images: Tensor, down: Tensor, right: Tensor, *, most: int) -> Tensor:
    """images (B, C, R, R) moved by so many pixels, (B,) from -most to most; 0 comes in."""
    padded = torch.nn.functional.pad(images, [most] * 4)
    places = torch.arange(images.shape[2], device=images.device) + most
    rows, columns = (places - by[:, None] for by in (down, right))  # (B, R)
    index = torch.arange(len(images), device=images.device)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def cut_out(images: Tensor, row: Tensor, column: Tensor, *, side: int) -> Tensor:
    """images (B, C, R, R), 0 where a square around (row, column), (B,) each, covers them."""
    places = torch.arange(images.shape[2], device=images.device)
    first = [(at - side // 2)[:, None] for at in (row, column)]
    inside = [(start <= places) & (places < start + side) for start in first]  # (B, R) each
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images * ~hole


def _integers(uniform: Tensor, n: int) -> Tensor:
    """Uniform numbers from 0 to 1, 1 excluded, as integers from 0 to n - 1."""
    return (uniform * n).long()
