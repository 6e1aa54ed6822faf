"""GAN-train and GAN-test: do generated rows do as well as real ones for a classifier?"""

from whichgen.metrics.classifiers import classify
from whichgen.metrics.inputs import Features, checked_features
from whichgen.metrics.types import Types, checked_types


def gan_train(fake: Features, fake_types: Types, real: Features, real_types: Types) -> float:
    """Return the accuracy on real (N, d) of a classifier of the types fitted to fake (M, d).

    It falls with types that are missing, lack variety or are made as one another. The classifier
    is a logistic regression in feature space: it reuses what the features know of real images, so
    its accuracy is higher than that of a network trained on generated pixels. Compare with real
    held-out rows in the place of fake.

    Shmelkov et al. 2018, "How good is my GAN?".
    Raises ValueError for types that do not match their rows, a single type to train on, an empty
    set, unequal widths, NaN or infinity.
    """
    return _accuracy("fake", fake, fake_types, "real", real, real_types)


def gan_test(real: Features, real_types: Types, fake: Features, fake_types: Types) -> float:
    """Return the accuracy on fake (M, d) of a classifier of the types fitted to real (N, d).

    It falls with rows that do not look like their type; it says nothing of variety. `real` are
    training rows. Otherwise as `gan_train`.
    """
    return _accuracy("real", real, real_types, "fake", fake, fake_types)


def _accuracy(
    train_name: str, train: Features, train_types: Types, name: str, rows: Features, types: Types
) -> float:
    train, rows = checked_features({train_name: train, name: rows}, at_least=1)
    train_types = checked_types(f"{train_name}_types", train_types, rows=len(train))
    types = checked_types(f"{name}_types", types, rows=len(rows))
    return float((classify(train, rows, labels=train_types) == types).mean())
