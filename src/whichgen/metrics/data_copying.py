"""C_T: a rank test of whether generated rows lie closer to the training rows than real ones do."""

import numpy as np
from scipy.stats import rankdata

from whichgen.metrics.distances import about_median, nearest_rows
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features

MORE_THAN = 20  # generated rows that a cell must hold to count (Stein et al. 2023)


def data_copying(fake: Features, train: Features, held_out: Features, *, cells: int = 3) -> float:
    """Return C_T of fake (M, d) and held_out (L, d) around train (N, d).

    The space is cut into cells by k-means on train. In each, the distances of fake rows to the
    nearest training row of the cell are ranked among those of held-out rows: Z is the
    Mann-Whitney statistic, standardised. C_T is the mean of Z over the cells with more than 20
    fake rows, weighted by their held-out rows. Without copying it is about a standard normal
    variable or closer to 0; far below 0 says copying, far above it underfitting. But rows that
    merely lie closer in than the data (a generator that shrinks its modes) are below 0 too.

    Meehan et al. 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models"; three
    cells and the 20 rows as in Stein et al. 2023, "Exposing flaws of generative model evaluation
    metrics …".
    Raises ValueError for fewer different training rows than cells, cells below 1, an empty set,
    no cell with enough rows, unequal widths, NaN or infinity.
    """
    check_at_least(1, cells=cells)
    sets = {"train": train, "fake": fake, "held_out": held_out}
    train, fake, held_out = about_median(*checked_features(sets, at_least=1))
    train_cells, fake_cells, held_cells = _cut(train, fake, held_out, cells=cells)
    weights, scores = [], []
    for cell in range(cells):
        made, real = fake[fake_cells == cell], held_out[held_cells == cell]
        if len(made) > MORE_THAN and len(real):
            weights.append(len(real))
            scores.append(_mann_whitney_z(made, real, train[train_cells == cell]))
    if not weights:
        raise ValueError(f"fake has no cell of {cells} with more than {MORE_THAN} rows")
    return float(np.average(scores, weights=weights))


def _cut(train: Float64s, *others: Float64s, cells: int) -> list[np.ndarray]:
    """Return the cell of each row of train, then of the other sets."""
    from sklearn.cluster import KMeans  # here: half a second that other metrics do not need

    ordered = train[np.lexsort(train.T)]  # k-means begins alike in whatever order the rows come
    distinct = 1 + int((ordered[1:] != ordered[:-1]).any(axis=1).sum())
    if distinct < cells:
        raise ValueError(f"train has {distinct} different rows; at least {cells} are needed")
    model = KMeans(cells, n_init=10, random_state=0).fit(ordered)
    return [model.predict(points) for points in (train, *others)]


def _mann_whitney_z(made: Float64s, real: Float64s, train: Float64s) -> float:
    """Return the standardised Mann-Whitney U of distances to train; below 0 if made is closer."""
    m, n = len(made), len(real)
    distances = nearest_rows(np.concatenate([made, real]), train)[1]  # (m + n,)
    u = rankdata(distances)[:m].sum() - m * (m + 1) / 2
    return float((u - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))
