"""AuthPct: the share of samples that are not closer to a training row than training rows are."""

from whichgen.metrics.distances import about_median, nearest_rows, squared_radii
from whichgen.metrics.inputs import Features, checked_features


def auth_pct(fake: Features, train: Features) -> float:
    """Return the percentage of fake (M, d) that is authentic with respect to train (N, d).

    A row is authentic if it is further from its nearest training row than that row is from its
    own nearest other training row. Copies lower the percentage, but so does any set that lies
    closer in than the data, copied or not. For fresh rows of a uniform distribution it is
    100 (1 − the chance that nearest neighbours are mutual): 33.3 for d = 1, 37.8 for d = 2, 40.7
    for d = 3; for other distributions it is higher. So compare with real held-out rows.

    Alaa et al. 2022, "How Faithful is Your Synthetic Data? …"; the percentage as Stein et al. 2023.
    Raises ValueError for fewer than 2 training rows or an empty fake, unequal widths, NaN or
    infinity.
    """
    (train,) = checked_features({"train": train}, at_least=2)
    train, fake = checked_features({"train": train, "fake": fake}, at_least=1)
    train, fake = about_median(train, fake)
    index, to_train = nearest_rows(fake, train)
    return float(100 * (squared_radii(train, 1)[index] < to_train).mean())
