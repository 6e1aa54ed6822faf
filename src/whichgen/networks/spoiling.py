"""Images as an extractor may meet them in training: moved a little, or changed a good deal."""

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

ZOOM, STRETCH, CONTRAST, NOISE, ERASED = 0.15, 0.075, 0.3, 0.4, 0.4


def shift(images: Tensor, rng: torch.Generator) -> Tensor:
    """The whole batch moved by −m to m px each way, m = 1 px per 16 of the side, at least 1."""
    side = images.shape[-1]
    most = max(1, side // 16)
    down, right = torch.randint(0, 2 * most + 1, (2,), generator=rng).tolist()
    padded = pad(images, (most,) * 4, value=-1.0)
    return padded[..., down : down + side, right : right + side]


def spoil(images: Tensor, rng: torch.Generator) -> Tensor:
    """Images (B, C, R, R) in [-1, 1], each moved, resized, dimmed, partly erased and made noisy.

    At most: a pixel per 16 of the side, 15 %, 30 % of the contrast, a black square of 40 % of the
    side, noise of deviation .4. No flips and no turns: they make another digit of a digit.
    """
    side, device = images.shape[-1], images.device
    count = len(images)

    def uniform(*shape: int) -> Tensor:  # -1 to 1
        return torch.rand(*shape, generator=rng).mul_(2).sub_(1).to(device)

    zoom = 1 + ZOOM * uniform(count)
    maps = torch.zeros(count, 2, 3, device=device)
    maps[:, 0, 0], maps[:, 1, 1] = zoom, zoom * (1 + STRETCH * uniform(count))
    maps[:, :, 2] = uniform(count, 2) * max(1, side // 16) * 2 / side
    grid = affine_grid(maps, list(images.shape), align_corners=False)
    moved = grid_sample(images + 1, grid, align_corners=False)  # what comes in from outside is 0
    moved = moved * (1 + CONTRAST * uniform(count, 1, 1, 1)) - 1
    pixels = (torch.arange(side, device=device) + 0.5) / side * 2 - 1
    reach = ERASED * uniform(count, 1).abs()
    rows, columns = ((pixels - uniform(count, 1)).abs() < reach for _ in range(2))  # (B, R)
    moved = moved.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], -1.0)
    noise = torch.randn(images.shape, generator=rng).to(device)
    return moved + NOISE * uniform(count, 1, 1, 1).abs() * noise
