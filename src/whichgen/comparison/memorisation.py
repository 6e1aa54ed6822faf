"""The memorisation veto: does a recipe's share of copies exceed chance and its floor?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from whichgen.comparison.axes import copying_limit, floor_of, median
from whichgen.comparison.cells import Cell
from whichgen.comparison.statistics.intervals import paired_interval
from whichgen.comparison.statistics.significance import sign_flip_p

MINIMUM_PAIRS = 6
LEVEL = 0.05
# Half of what is copied adds to chance: .55 is what a generator shows that copies a tenth.
COPYING = 0.55


def memorisation(cells: Sequence[Cell]) -> dict[str, Any]:
    """Judge one recipe over its seeds.

    ``share`` is the share of samples nearer to a training image than to any of equally many
    held-out ones. It is significant when, over six or more seeds, the share is above both chance
    (.5) and the real-against-real floor by a t interval and by an exact sign-flip test; with fewer
    seeds, when it is above both and every seed's own test rejects. A significant share is "flagged"
    (a veto) if it is at least `COPYING`, by the interval's lower end or with few seeds by every
    seed, and "leaning" (a caveat) below. Else it is "clear", or "inconclusive" with fewer seeds.
    """
    finished = [c for c in cells if not c.failed and math.isfinite(c.score("memorisation"))]
    shares = np.array([cell.score("memorisation") for cell in finished], dtype=np.float64)
    binomial = np.array([cell.p_value("memorisation") for cell in finished], dtype=np.float64)
    floor = floor_of(finished, "memorisation")
    limit = copying_limit(floor)
    interval, p = paired_interval(shares - limit), sign_flip_p(shares - limit)
    few = len(shares) < MINIMUM_PAIRS
    if few:
        above = bool(len(shares)) and bool((shares > limit).all() and (binomial < LEVEL).all())
        lowest = float(shares.min()) if above else math.nan
    else:
        above = interval.low > 0 and p < LEVEL
        lowest = limit + interval.low
    significant = "flagged" if lowest >= COPYING else "leaning"
    return {
        "decision": significant if above else "inconclusive" if few else "clear",
        "share": median(shares),
        "interval": [limit + interval.low, limit + interval.high],
        "floor": floor,
        "limit": limit,
        "p_sign_flip": p,
        "p_run_median": median(binomial),
        "seeds": [cell.seed for cell in finished],
    }
