"""What every metric asks of its arrays, and how it says no."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.floating[Any]]
Float64s = npt.NDArray[np.float64]


def checked_features(sets: Mapping[str, Features], *, at_least: int) -> list[Float64s]:
    """Return the named feature sets as float64 (N, d), each with `at_least` rows or more.

    Raises ValueError, naming the argument, for an array that is not two-dimensional and numeric,
    has too few rows or no columns, holds NaN or infinity, or is not as wide as the first one.
    """
    checked: list[Float64s] = []
    for name, values in sets.items():
        checked.append(_checked_set(name, values, at_least=at_least))
        if checked[-1].shape[1] != checked[0].shape[1]:
            first = next(iter(sets))
            raise ValueError(
                f"{name} has {checked[-1].shape[1]} features a row, {first} {checked[0].shape[1]}"
            )
    return checked


def check_at_least(minimum: int, **values: int) -> None:
    """Raise ValueError, naming the argument, if one of the values is below the minimum."""
    for name, value in values.items():
        if value < minimum:
            raise ValueError(f"{name} must be {minimum} or more, not {value}")


def _checked_set(name: str, values: Features, *, at_least: int) -> Float64s:
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{name} must have shape (N, d), not {array.shape}")
    if len(array) < at_least:
        raise ValueError(f"{name} has {len(array)} rows; at least {at_least} are needed")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity")
    return array.astype(np.float64)
