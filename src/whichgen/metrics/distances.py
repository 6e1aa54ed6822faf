"""Euclidean distances between feature sets, a block of rows at a time.

Squared distances come from matrix products, |a|² + |b|² − 2a·b, so their rounding error is a few
units in the last place of |a|² + |b|². Move the origin into the data first: `about_median`.
"""

from collections.abc import Iterator

import numpy as np

from whichgen.metrics.inputs import Float64s, check_at_least

BLOCK = 256
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
    row_norms = np.einsum("nd,nd->n", rows, rows)
    column_norms = np.einsum("md,md->m", columns, columns)
    for start in range(0, len(rows), block):
        part = slice(start, min(start + block, len(rows)))
        squared = rows[part] @ columns.T  # (B, M)
        squared *= -2.0
        squared += row_norms[part, None]
        squared += column_norms
        np.maximum(squared, 0.0, out=squared)
        yield part, squared


def squared_radii(points: Float64s, k: int, *, block: int = BLOCK) -> Float64s:
    """Return the squared distance (N,) from each point to its k-th nearest other point.

    A point is no neighbour of itself; another point in the same place is one, at distance 0.
    Memory is O(block · N). Raises ValueError for k below 1 or N ≤ k.
    """
    check_at_least(1, k=k)
    if len(points) <= k:
        raise ValueError(f"points has {len(points)} rows; more than k = {k} are needed")
    radii = np.empty(len(points))
    for part, squared in squared_distance_blocks(points, points, block=block):
        squared[np.arange(len(squared)), np.arange(part.start, part.stop)] = np.inf
        squared.partition(k - 1, axis=1)
        radii[part] = squared[:, k - 1]
    return radii


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
    return squared + TIE_SLACK * (np.einsum("nd,nd->n", points, points) + squared)


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
    return index, np.einsum("nd,nd->n", difference, difference)
