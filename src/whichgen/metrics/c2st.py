"""The classifier two-sample test (C2ST): can generated rows be told from real ones?"""

import numpy as np
from scipy.special import betaincinv
from scipy.stats import binom, binomtest

from whichgen.metrics.classifiers import classify
from whichgen.metrics.inputs import Features, checked_features

LEVEL, POWER = 0.05, 0.8


def c2st(real: Features, fake: Features) -> dict[str, float]:
    """Tell fake (N, d) from real (N, d) by a classifier, in feature space, on held-out rows.

    Logistic regression on the features and their squares, so that a difference of means or of
    spreads is seen, is fitted to the first half of both sets and tried on the second. So the rows
    should come in no particular order; within a half the order changes nothing.

    - accuracy: the share of the second halves told rightly. .5 is chance: this classifier can't
      tell them apart in these features. It is .5 in expectation for equal distributions.
    - low, high: the exact (Clopper-Pearson) 95 % interval of the accuracy.
    - p: the exact one-sided ('greater') binomial p-value against .5.
    - detectable: the power, as the smallest true accuracy that a test of as many rows finds, at
      the 5 % level, with a probability of 80 %. A smaller difference may well go unseen.
    - n: the number of rows tried.

    Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests".
    Raises ValueError for fewer than 5 rows (no accuracy is then significant), sets of two sizes
    (a guess is then better than .5), unequal widths, NaN or infinity.
    """
    real, fake = checked_features({"real": real, "fake": fake}, at_least=5)
    if len(real) != len(fake):
        raise ValueError(f"fake has {len(fake)} rows, real {len(real)}: match the sizes")
    half = len(real) // 2
    first = np.concatenate([real[:half], fake[:half]])
    second = np.concatenate([real[half:], fake[half:]])
    guessed = classify(first, second, labels=np.repeat([0, 1], half), squares=True)
    right = int((guessed == np.repeat([0, 1], len(real) - half)).sum())
    test = binomtest(right, len(second), alternative="greater")
    interval = binomtest(right, len(second)).proportion_ci(0.95, method="exact")
    return {
        "accuracy": test.statistic,
        "low": float(interval.low),
        "high": float(interval.high),
        "p": float(test.pvalue),
        "detectable": detectable_accuracy(len(second)),
        "n": len(second),
    }


def detectable_accuracy(n: int) -> float:
    """Return the smallest accuracy that the test of n rows finds with 80 % power at the 5 % level.

    The test rejects from the smallest c on with P(Bin(n, .5) ≥ c) ≤ .05; the answer a solves
    P(Bin(n, a) ≥ c) = .8, an incomplete beta function of a.

    Raises ValueError for n below 5: not even n out of n is then significant.
    """
    if n < 5:
        raise ValueError(f"n must be 5 or more, not {n}")
    critical = int(binom.isf(LEVEL, n, 0.5)) + 1
    return float(betaincinv(critical, n - critical + 1, POWER))
