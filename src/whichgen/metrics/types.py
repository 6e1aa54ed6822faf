"""Which types a generator makes, in what shares, and whether they are those asked for."""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics.inputs import Float64s, check_at_least

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
    asked, recognised = _checked("asked", asked), _checked("recognised", recognised)
    if len(asked) != len(recognised):
        raise ValueError(f"recognised has {len(recognised)} types, asked {len(asked)}")
    return float((asked == recognised).mean())


def _counts(name: str, types: Types, n_types: int) -> Float64s:
    check_at_least(1, n_types=n_types)
    types = _checked(name, types)
    if types.min() < 0 or types.max() >= n_types:
        raise ValueError(f"{name} must lie in 0 … {n_types - 1}")
    return np.bincount(types, minlength=n_types).astype(np.float64)


def _checked(name: str, types: Types) -> Types:
    array = np.asarray(types)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers, not {array.dtype}")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"{name} must have shape (N,) with N of 1 or more, not {array.shape}")
    return array
