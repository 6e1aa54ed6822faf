"""What a judge must show before its scores count: that it sees what is wrong with images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from whichgen.metrics import frechet_distance
from whichgen.networks import Corruption
from whichgen.training.seeding import stream

MOST = 1000
"""Images looked at for each level of a corruption."""

Look = Callable[[Tensor], Tensor]
"""Stored samples (N, *shape) → features (N, d)."""


def check_judge(
    look: Look,
    *,
    reference: Tensor,
    images: Tensor,
    types: Tensor,
    names: Sequence[str],
    corruptions: Mapping[str, tuple[tuple[float, ...], Corruption]],
) -> dict[str, Any]:
    """Measure a judge's Fréchet distance on real images that are spoilt more and more.

    A corruption passes if the distance rises at each level, of which the first is 0. The dropped
    class passes if the distance without any one of the types is above that with all, at the same
    number of images.

    Args:
        reference, images: two real sets (N, *shape), stored, without a common image, of which the
            first 1,000 are used. types (N,): of images. names: of the types.
        corruptions: those of the modality.

    Returns:
        `passed`, and `checks`: for each its corruption, levels, `fd` by level and `passed`; the
        dropped class has its `floor` too. A distance is None where the features are not finite.
    """
    n = min(len(reference), len(images), MOST)
    wanted, whole = _features(look, reference[:n]), images[:n]
    checks = []
    for name, (levels, spoil) in corruptions.items():
        spoilt = (spoil(whole, level, stream(0, "gate", name)) for level in levels)
        distances = [_distance(wanted, _features(look, part)) for part in spoilt]
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
