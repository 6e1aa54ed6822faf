"""The classifier of the metrics that fit one: logistic regression on frozen features."""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics.inputs import Float64s

Labels = npt.NDArray[np.integer[Any]]


def classify(train: Float64s, rows: Float64s, *, labels: Labels, squares: bool = False) -> Labels:
    """Return the label (M,) given to each of rows (M, d) after a fit to train (N, d), labels (N,).

    Logistic regression with scikit-learn's default ridge on features standardised by train, and
    with `squares` on their squares too: convex, so it needs no seed. Raises ValueError if all
    labels are the same.
    """
    from sklearn.linear_model import LogisticRegression  # here: half a second others do not need
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    if len(np.unique(labels)) < 2:
        raise ValueError("all rows to train on are of one type; a classifier needs two")
    terms = [FunctionTransformer(_with_squares), StandardScaler()] if squares else []
    model = make_pipeline(StandardScaler(), *terms, LogisticRegression(max_iter=1000))
    predicted: Labels = model.fit(train, labels).predict(rows)
    return predicted


def _with_squares(features: Float64s) -> Float64s:
    return np.hstack([features, features**2])
