"""Which types a generator makes, in what shares, and whether they are those asked for."""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics.frechet import frechet_distance
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features

Types = npt.NDArray[np.integer[Any]]

COVERED_AT = 0.1  # of the real share


def type_shares(types: Types, n_types: int) -> Float64s:
    """Return the share (n_types,) of each type among types (N,), whole numbers below n_types.

    Raises ValueError for an empty array, other dimensions or numbers, or a type out of range.
    """
    return _counts("types", types, n_types) / len(types)


def type_divergence(real_types: Types, fake_types: Types, n_types: int) -> dict[str, float]:
    """Compare the types of generated samples (M,) with those of real ones (N,).

    - types_covered: the share, 0 to 1, of the types present in real_types that are covered. A
      type is covered when its generated share is at least a tenth of its real share.
    - types_kl: KL(p_G ‖ p_data) = Σ g ln(g / r) over types, in nats, 0 when the shares agree.

    Zeros: a type with no generated sample adds 0 to the divergence, its limit. A type with no
    real sample but some generated ones would make it infinite, so it counts as half a real
    sample, and the real shares are scaled to sum to 1 again.

    Metz et al. 2017, "Unrolled Generative Adversarial Networks": modes covered
    and reverse KL.
    Raises ValueError as `type_shares` does.
    """
    real = _counts("real_types", real_types, n_types)
    fake = _counts("fake_types", fake_types, n_types)
    real_share, fake_share = real / real.sum(), fake / fake.sum()
    present = real > 0
    covered = fake_share[present] >= COVERED_AT * real_share[present]
    seen = np.where((fake > 0) & ~present, 0.5, real)
    made = fake > 0
    ratio = fake_share[made] * seen.sum() / seen[made]
    divergence = float(fake_share[made] @ np.log(ratio))
    return {"types_covered": float(covered.mean()), "types_kl": max(divergence, 0.0)}


def type_agreement(asked: Types, recognised: Types) -> float:
    """Return the share of samples (N,) whose recognised type is the one asked for.

    Raises ValueError for empty arrays, other dimensions, unequal lengths, or numbers that are
    not whole.
    """
    asked, recognised = checked_types("asked", asked), checked_types("recognised", recognised)
    if len(asked) != len(recognised):
        raise ValueError(f"recognised has {len(recognised)} types, asked {len(asked)}")
    return float((asked == recognised).mean())


def frechet_by_type(
    real: Features, real_types: Types, fake: Features, fake_types: Types, n_types: int
) -> list[float | None]:
    """Return the Fréchet distance within each type, of real (N, d) and fake (M, d).

    Of each type as many rows of both sets are taken, the first ones. None for a type with fewer
    than 2 rows in either set. With few rows the bias is large: compare with a floor only.

    Raises ValueError for types that do not match their rows or are out of range, unequal widths,
    NaN or infinity.
    """
    real, fake = checked_features({"real": real, "fake": fake}, at_least=1)
    checked_types("real_types", real_types, rows=len(real))
    checked_types("fake_types", fake_types, rows=len(fake))
    pairs = zip(
        _counts("real_types", real_types, n_types),
        _counts("fake_types", fake_types, n_types),
        strict=True,
    )
    distances: list[float | None] = []
    for k, counts in enumerate(pairs):
        rows = int(min(counts))
        sides = real[real_types == k][:rows], fake[fake_types == k][:rows]
        distances.append(frechet_distance(*sides) if rows > 1 else None)
    return distances


def _counts(name: str, types: Types, n_types: int) -> Float64s:
    check_at_least(1, n_types=n_types)
    types = checked_types(name, types)
    if types.min() < 0 or types.max() >= n_types:
        raise ValueError(f"{name} must lie in 0 … {n_types - 1}")
    return np.bincount(types, minlength=n_types).astype(np.float64)


def checked_types(name: str, types: Types, *, rows: int | None = None) -> Types:
    """Return types (N,) as an array of whole numbers, N of 1 or more, or `rows` where given.

    Raises ValueError, naming the argument, for other dimensions, lengths or numbers.
    """
    array = np.asarray(types)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers, not {array.dtype}")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"{name} must have shape (N,) with N of 1 or more, not {array.shape}")
    if rows is not None and len(array) != rows:
        raise ValueError(f"{name} has {len(array)} types for {rows} rows")
    return array
