"""What a judge must show before its scores count: that it sees what is wrong with images."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from whichgen.metrics import frechet_distance
from whichgen.training.seeding import stream

MOST = 1000
"""Images looked at for each level of a corruption."""

Look = Callable[[Tensor], Tensor]
"""uint8 images (N, C, R, R) → features (N, d)."""


def check_judge(
    look: Look, *, reference: Tensor, images: Tensor, types: Tensor, names: Sequence[str]
) -> dict[str, Any]:
    """Measure a judge's Fréchet distance on real images that are spoilt more and more.

    Noise, blur and masking pass if the distance rises at each level, of which the first is 0. The
    dropped class passes if the distance without any one of the types is above that with all, at
    the same number of images.

    Args:
        reference, images: two real sets (N, C, R, R) uint8 without a common image, of which the
            first 1,000 are used. types (N,): of images. names: of the types.

    Returns:
        `passed`, and `checks`: for each its corruption, levels, `fd` by level and `passed`; the
        dropped class has its `floor` too. A distance is None where the features are not finite.
    """
    n = min(len(reference), len(images), MOST)
    wanted, whole = _features(look, reference[:n]), images[:n]
    checks = []
    for name, (levels, spoil) in CORRUPTIONS.items():
        distances = [_distance(wanted, _features(look, spoil(whole, x))) for x in levels]
        checks.append(
            {
                "corruption": name,
                "levels": list(levels),
                "fd": distances,
                "passed": all(_above(*pair) for pair in pairwise(distances)),
            }
        )
    checks += _dropped_class(wanted, _features(look, whole), types[:n].numpy(), names)
    return {"passed": all(check["passed"] for check in checks), "checks": checks}


def add_noise(images: Tensor, level: float) -> Tensor:
    """uint8 images with Gaussian noise, its deviation a share `level` of the range of a pixel."""
    noise = torch.randn(images.shape, generator=stream(0, "gate", "noise"))
    return _bytes(images + 255 * level * noise)


def blur(images: Tensor, level: float) -> Tensor:
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


def mask(images: Tensor, level: float) -> Tensor:
    """uint8 images, each with a black square somewhere, its side a share `level` of the image's."""
    side = images.shape[-1]
    edge = round(level * side)
    rng = stream(0, "gate", "masking")
    corners = (torch.rand(2, len(images), 1, generator=rng) * (side - edge + 1)).long()
    ahead = torch.arange(side) - corners  # (2, N, R)
    rows, columns = (ahead >= 0) & (ahead < edge)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


CORRUPTIONS: dict[str, tuple[tuple[float, ...], Callable[[Tensor, float], Tensor]]] = {
    "noise": ((0.0, 0.1, 0.2, 0.4), add_noise),
    "blur": ((0.0, 0.06, 0.09, 0.12), blur),
    "masking": ((0.0, 0.25, 0.375, 0.5), mask),
}


def _distance(wanted: npt.NDArray[np.float32], features: npt.NDArray[np.float32]) -> float | None:
    """The Fréchet distance; None where the judge's features do not allow one."""
    try:
        return frechet_distance(wanted, features)
    except ValueError:
        return None


def _above(lower: float | None, higher: float | None) -> bool:
    return lower is not None and higher is not None and lower < higher


def _features(look: Look, images: Tensor) -> npt.NDArray[np.float32]:
    features: npt.NDArray[np.float32] = look(images).numpy()
    return features


def _dropped_class(
    wanted: npt.NDArray[np.float32],
    features: npt.NDArray[np.float32],
    types: npt.NDArray[np.int64],
    names: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """One check, or none where the largest type leaves too few images of the others."""
    rows = len(types) - int(np.bincount(types).max())
    if rows < 2:
        return
    floor = _distance(wanted, features[:rows])
    present = [k for k in range(len(names)) if (types == k).any()]
    distances = [_distance(wanted, features[types != k][:rows]) for k in present]
    yield {
        "corruption": "dropped class",
        "levels": [names[k] for k in present],
        "fd": distances,
        "floor": floor,
        "passed": all(_above(floor, distance) for distance in distances),
    }


def _bytes(pixels: Tensor) -> Tensor:
    return pixels.round().clamp(0, 255).to(torch.uint8)
