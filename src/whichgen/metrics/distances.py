"""Euclidean distances between feature sets, a block of rows at a time.

Squared distances come from matrix products, |a|² + |b|² − 2a·b, so their rounding error is a few
units in the last place of |a|² + |b|². Move the origin into the data first: `about_median`. The
product is most of the time: the norms are columns of its matrices, and the k nearest are found by
one look at each value.
"""

from collections.abc import Iterator

import numpy as np

from whichgen.metrics.inputs import Float64s, check_at_least

BLOCK = 128  # rows: with 10,000 columns 10 MB, of which little leaves the cache
GROUP = 64  # values of which only the smallest is looked at, until it is among the k smallest
# Above the rounding of a product of rows thousands long, far below the step of a float32 feature.
TIE_SLACK = 1e-12


def about_median(first: Float64s, *others: Float64s) -> tuple[Float64s, ...]:
    """Move the sets (N_i, d) together so that the median of each feature of the first is 0.

    Distances stay as they are. The median, unlike the mean, is not carried off by outliers, and
    it is the same number in whatever order the rows come.
    """
    origin = np.median(first, axis=0)
    return tuple(points - origin for points in (first, *others))


def squared_distance_blocks(
    rows: Float64s, columns: Float64s, *, block: int = BLOCK
) -> Iterator[tuple[slice, Float64s]]:
    """Yield squared distances between rows (N, d) and columns (M, d), `block` rows at a time.

    Each item is a slice of rows and their distances (block or fewer, M), never below 0.
    Memory is O(block · M). Raises ValueError for a block below 1.
    """
    check_at_least(1, block=block)
    left = np.column_stack([-2 * rows, _squared_norms(rows), np.ones(len(rows))])
    right = np.column_stack([columns, np.ones(len(columns)), _squared_norms(columns)]).T
    for start in range(0, len(rows), block):
        part = slice(start, min(start + block, len(rows)))
        squared = left[part] @ right  # (B, M)
        yield part, np.maximum(squared, 0.0, out=squared)


def squared_radii(points: Float64s, k: int, *, block: int = BLOCK) -> Float64s:
    """Return the squared distance (N,) from each point to its k-th nearest other point.

    As `nearest_squared`, of which it is the last column.
    """
    return nearest_squared(points, k, block=block)[:, k - 1]


def nearest_squared(points: Float64s, k: int, *, block: int = BLOCK) -> Float64s:
    """Return the squared distances (N, k) from each point to its k nearest others, in rising order.

    A point is no neighbour of itself; another point in the same place is one, at distance 0.
    Memory is O(block · N). Raises ValueError for k below 1 or N ≤ k.
    """
    check_at_least(1, k=k)
    if len(points) <= k:
        raise ValueError(f"points has {len(points)} rows; more than k = {k} are needed")
    nearest = np.empty((len(points), k))
    for part, squared in squared_distance_blocks(points, points, block=block):
        squared[np.arange(len(squared)), np.arange(part.start, part.stop)] = np.inf
        nearest[part] = _k_smallest(squared, k)
    return nearest


def _k_smallest(values: Float64s, k: int) -> Float64s:
    """Return the k smallest (B, k) of each row of values (B, M), k ≤ M, in rising order.

    The columns are dealt into groups. The k groups with the smallest minima hold the k smallest
    values, since every other value is at least as large as those k minima.
    """
    groups = values.shape[1] // GROUP
    if groups > k:
        dealt = values[:, : groups * GROUP].reshape(len(values), GROUP, groups)
        chosen = np.argpartition(dealt.min(axis=1), k - 1, axis=1)[:, :k]
        kept = dealt[np.arange(len(values))[:, None], :, chosen].reshape(len(values), -1)
        values = np.hstack([kept, values[:, groups * GROUP :]])
    return np.sort(np.partition(values, k - 1, axis=1)[:, :k], axis=1)


def _squared_norms(points: Float64s) -> Float64s:
    norms: Float64s = np.einsum("nd,nd->n", points, points)
    return norms


def ball_limits(points: Float64s, k: int, *, block: int = BLOCK) -> Float64s:
    """Return the squared distance (N,) up to which a sample lies in a point's k-nearest ball.

    The balls are closed: `closed_limits` of the squared radii. Raises as `squared_radii` does.
    """
    return closed_limits(points, squared_radii(points, k, block=block))


def closed_limits(points: Float64s, squared: Float64s) -> Float64s:
    """Return squared radii (N,) around points (N, d), widened so that surfaces are inside.

    A sample exactly on the surface (a copy of the k-th neighbour) must not fall in or out by the
    rounding of a product; the slack is relative to |x|² + r².
    """
    return squared + TIE_SLACK * (_squared_norms(points) + squared)


def nearest_rows(
    rows: Float64s, columns: Float64s, *, block: int = BLOCK
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Float64s]:
    """Return the nearest of columns (M, d) to each of rows (N, d): its index and squared distance.

    The distance is computed again from the difference of the two rows, so that a copy is at
    exactly 0. Memory is O(block · M).
    """
    index = np.empty(len(rows), dtype=np.intp)
    for part, squared in squared_distance_blocks(rows, columns, block=block):
        index[part] = squared.argmin(axis=1)
    difference = rows - columns[index]
    return index, _squared_norms(difference)
