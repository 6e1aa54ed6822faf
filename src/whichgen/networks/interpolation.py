"""Walks through a generator's latent space: is there something between two samples?"""

import torch
from torch import Tensor

from whichgen.networks.generators import Generator


def slerp(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """From start to end, both (B, d), along great circles: (B, steps, d), ends included.

    A straight line between Gaussian latents runs nearer to the origin than samples ever lie; the
    arc keeps their length (White 2016, Sampling Generative Networks, section 3.2).
    """
    cosine = torch.nn.functional.cosine_similarity(start, end, dim=1).clamp(-1, 1)
    angle = torch.arccos(cosine)[:, None, None]  # (B, 1, 1)
    way = torch.linspace(0, 1, steps)[None, :, None]  # (1, steps, 1)
    one, two = (torch.sin(part * angle) / torch.sin(angle) for part in (1 - way, way))
    return one * start[:, None] + two * end[:, None]


@torch.no_grad()
def interpolate(generator: Generator, rng: torch.Generator, types: Tensor, steps: int) -> Tensor:
    """One strip for each of types (B,) int64: samples (B, steps, *shape).

    Both ends of a strip are latents drawn from `rng`; the type stays as it is.
    """
    start, end = torch.randn(2, len(types), generator.latent, generator=rng)
    way = slerp(start, end, steps).flatten(0, 1)  # (B · steps, latent)
    images = generator(way, types.repeat_interleave(steps))
    return images.float().unflatten(0, (len(types), steps))
