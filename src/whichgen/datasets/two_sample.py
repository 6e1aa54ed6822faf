"""Do two sets of rows come from one distribution? The energy statistic, by permutation."""

import numpy as np

from whichgen.metrics.distances import about_median, squared_distance_blocks
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features

AT_ONCE = 128  # permutations
ROUNDING = 1e-12  # of two sums of the same distances in another order


def energy_test(
    first: Features, second: Features, *, permutations: int, seed: int
) -> tuple[float, float]:
    """The coefficient of inhomogeneity of first (N, d) and second (M, d), and its p-value.

    E = 2 E|X−Y| − E|X−X'| − E|Y−Y'| is 0 for equal distributions and for no others. The coefficient
    E / (2 E|X−Y|) has no unit: 1 is two different points. Both means within a set are over pairs
    of different rows, so the estimate has no bias from small sets, and may fall below 0.

    p is the share of the permutations of the pooled rows, the given order among them, whose E is as
    large; a seed gives the same one. Memory is O((N + M)²).

    Székely and Rizzo 2013, "Energy statistics: a class of statistics based on distances", sections
    5 and 7. Raises ValueError for fewer than 2 rows, no permutation, unequal widths, NaN or
    infinity.
    """
    check_at_least(1, permutations=permutations)
    first, second = checked_features({"first": first, "second": second}, at_least=2)
    between = _distances(np.concatenate(about_median(first, second)))
    n, total = len(first), len(first) + len(second)
    given = (np.arange(total) < n).astype(np.float64)[:, None]
    energy, cross = (values[0] for values in _energies(between, given))
    rng = np.random.default_rng(seed)
    as_large = 1
    for start in range(0, permutations, AT_ONCE):
        columns = min(AT_ONCE, permutations - start)
        shuffled = rng.permuted(np.repeat(given, columns, axis=1), axis=0)
        as_large += int((_energies(between, shuffled)[0] >= energy - ROUNDING * cross).sum())
    coefficient = energy / (2 * cross) if cross > 0 else 0.0
    return float(coefficient), as_large / (permutations + 1)


def _distances(rows: Float64s) -> Float64s:
    """Euclidean distances (N, N) between rows (N, d), exactly 0 from a row to itself."""
    distances = np.empty((len(rows), len(rows)))
    for part, squared in squared_distance_blocks(rows, rows):
        np.sqrt(squared, out=distances[part])
    np.fill_diagonal(distances, 0.0)
    return distances


def _energies(distances: Float64s, member: Float64s) -> tuple[Float64s, Float64s]:
    """E and the mean distance between the sets, each (B,).

    Args:
        distances: (N, N). member: (N, B), 1 for the rows of the first set, 0 for the second's.
    """
    n = member[:, 0].sum()
    m = len(member) - n
    inside = np.einsum("nb,nb->b", member, distances @ member)  # every pair twice
    from_first = distances.sum(axis=0) @ member
    cross = from_first - inside
    rest = distances.sum() - inside - 2 * cross
    mean_cross = cross / (n * m)
    energy = 2 * mean_cross - inside / (n * (n - 1)) - rest / (m * (m - 1))
    return energy, mean_cross
