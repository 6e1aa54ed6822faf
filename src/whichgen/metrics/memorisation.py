"""Did the generator learn the distribution, or its training samples by heart?"""

import numpy as np
from scipy.stats import binomtest, norm

from whichgen.metrics.distances import about_median, nearest_rows
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features

TIE_TOLERANCE = 1e-12  # relative: two sums of the same squares in another order


def memorisation(fake: Features, train: Features, held_out: Features) -> dict[str, float]:
    """Ask whether fake (M, d) lies nearer to train (N, d) than to as many held-out rows (N, d).

    - share: the share of fake rows whose nearest training row is nearer than their nearest
      held-out row, ties counted half. Chance is .5, also for a generator that drops or shrinks
      modes; copies raise it.
    - p: the exact one-sided ('greater') binomial p-value against .5, ties left out. It takes the
      rows of fake as independent.
    - p_swap: the one-sided p-value when training and held-out rows trade places at random. Rows
      of fake that share a nearest neighbour are not independent evidence, and in many dimensions
      a few rows are nearest to many (hubs): `p` is then too small, p_swap is not. Normal
      approximation to the permutation distribution, whose variance is exact.

    Raises ValueError if train and held_out differ in size (chance is then no longer .5), or for
    an empty set, unequal widths, NaN or infinity.
    """
    sets = {"fake": fake, "train": train, "held_out": held_out}
    fake, train, held_out = checked_features(sets, at_least=1)
    if len(train) != len(held_out):
        raise ValueError(f"held_out has {len(held_out)} rows, train {len(train)}: match the sizes")
    train, held_out, fake = about_median(train, held_out, fake)
    train_index, to_train = nearest_rows(fake, train)
    held_index, to_held = nearest_rows(fake, held_out)
    nearer = _votes(to_train, to_held)  # (M,), 1, ½ or 0
    wins, losses = int((nearer == 1).sum()), int((nearer == 0).sum())
    exact = binomtest(wins, wins + losses, alternative="greater").pvalue if wins + losses else 1.0
    received = np.concatenate(
        [
            np.bincount(train_index, nearer, minlength=len(train)),
            np.bincount(held_index, 1 - nearer, minlength=len(train)),
        ]
    )
    return {"share": float(nearer.mean()), "p": float(exact), "p_swap": _swap_p_value(received)}


def closest_pairs(
    fake: Features, train: Features, held_out: Features, *, count: int = 8
) -> list[dict[str, float]]:
    """Return the `count` rows of fake (M, d) nearest to a training row, the nearest first.

    Each with its row number (`fake`), its nearest training and held-out row (`train`, `held_out`)
    and the distances to both (`to_train`, `to_held_out`): something for the eye to judge.

    Raises ValueError for a count below 1, an empty set, unequal widths, NaN or infinity.
    """
    check_at_least(1, count=count)
    sets = {"fake": fake, "train": train, "held_out": held_out}
    fake, train, held_out = checked_features(sets, at_least=1)
    train, held_out, fake = about_median(train, held_out, fake)
    near, to_train = nearest_rows(fake, train)
    chosen = np.argsort(to_train, kind="stable")[:count]
    other, to_held = nearest_rows(fake[chosen], held_out)
    return [
        {
            "fake": int(row),
            "train": int(near[row]),
            "held_out": int(other[i]),
            "to_train": float(np.sqrt(to_train[row])),
            "to_held_out": float(np.sqrt(to_held[i])),
        }
        for i, row in enumerate(chosen)
    ]


def _votes(to_train: Float64s, to_held: Float64s) -> Float64s:
    """Return 1 where the training row is nearer, 0 where the held-out one is, ½ for a tie."""
    tied = np.abs(to_train - to_held) <= TIE_TOLERANCE * np.maximum(to_train, to_held)
    return np.where(tied, 0.5, np.where(to_train < to_held, 1.0, 0.0))


def _swap_p_value(received: Float64s) -> float:
    """Return P(as many votes or more) if a random half of all rows were the training set.

    `received` (2N,) holds the votes of the training rows, then those of the held-out rows. The
    sum over N of 2N rows drawn without replacement has variance N/2 · Σ(v − v̄)² / (2N − 1).
    """
    n = len(received) // 2
    spread = np.sqrt(n / 2 * ((received - received.mean()) ** 2).sum() / (2 * n - 1))
    if spread == 0:
        return 1.0
    return float(norm.sf((received[:n].sum() - received.sum() / 2) / spread))
