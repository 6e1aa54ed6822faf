"""The kernel distance (KID): an unbiased squared maximum mean discrepancy."""

import math

import numpy as np

from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features


def kernel_distance(real: Features, fake: Features, *, block: int = 1024) -> float:
    """Return the unbiased MMD² of real (N, d) and fake (M, d), kernel (x·y/d + 1)³.

    Both sets are split, in the order given, into the same number of disjoint blocks,
    ⌈max(N, M) / block⌉. Their sizes differ by 1 at most, so no row is left over. The result is
    the mean of the blocks' estimates: its expectation is 0 for equal distributions, and it can
    be negative. Within one block the order of rows changes nothing.

    Bińkowski et al. 2018, "Demystifying MMD GANs", section 4; Gretton et al. 2012, equation 3.
    Raises ValueError for a block below 2, fewer than 2 rows a block, unequal widths, NaN or
    infinity.
    """
    check_at_least(2, block=block)
    real, fake = checked_features({"real": real, "fake": fake}, at_least=2)
    n_blocks = math.ceil(max(len(real), len(fake)) / block)
    checked_features({"real": real, "fake": fake}, at_least=2 * n_blocks)  # 2 rows a block
    pairs = zip(np.array_split(real, n_blocks), np.array_split(fake, n_blocks), strict=True)
    return float(np.mean([_unbiased_mmd(x, y) for x, y in pairs]))


def _unbiased_mmd(x: Float64s, y: Float64s) -> float:
    return float(_mean_of_pairs(x) + _mean_of_pairs(y) - 2 * _kernel(x, y).mean())


def _mean_of_pairs(x: Float64s) -> float:
    """Return the kernel's mean over ordered pairs of different rows of x (n, d)."""
    kernel = _kernel(x, x)  # (n, n)
    return float((kernel.sum() - kernel.trace()) / (len(x) * (len(x) - 1)))


def _kernel(x: Float64s, y: Float64s) -> Float64s:
    kernel: Float64s = (x @ y.T / x.shape[1] + 1) ** 3
    return kernel
