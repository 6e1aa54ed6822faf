"""The Vendi score: how many different rows a set is worth."""

import numpy as np
from scipy.special import entr

from whichgen.metrics.inputs import Features, checked_features


def vendi(features: Features) -> float:
    """Return exp(H), H the entropy of the eigenvalues of K/N, K the cosines of features (N, d).

    1 if all rows point one way, k for k orthogonal directions in equal shares, at most min(N, d).
    It says nothing of quality (noise raises it) and grows with N, so it stands beside the score of
    as many real rows. K/N and its dual XᵀX/N (d, d), for rows X of length 1, have the same
    eigenvalues but for zeros, and K itself is never formed. Angles are seen from the origin: a
    shift of all rows changes the score, a scale does not.

    Friedman and Dieng 2023, "The Vendi Score: A Diversity Evaluation Metric for Machine Learning".
    Raises ValueError for no rows, a row of zeros (it has no direction), NaN or infinity.
    """
    (features,) = checked_features({"features": features}, at_least=1)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError("features has a row of zeros, which has no direction")
    unit = features / lengths
    shares = np.linalg.eigvalsh(unit.T @ unit / len(unit))
    return float(np.exp(entr(np.maximum(shares, 0.0)).sum()))
