"""The Fréchet distance between two feature sets, each taken as a Gaussian."""

import numpy as np

from whichgen.metrics.inputs import Features, Float64s, checked_features


def frechet_distance(real: Features, fake: Features) -> float:
    """Return |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁Σ₂)^½ of real (N, d) and fake (M, d).

    The covariances are unbiased (N − 1). The last trace is taken in its nuclear-norm form,
    ‖X Yᵀ‖* / √((N−1)(M−1)) for centred X and Y, and since X = Q R with orthonormal columns in Q,
    ‖X Yᵀ‖* = ‖R_X R_Yᵀ‖*. No covariance is formed and no matrix root taken, so fewer rows than
    features and constant features need no special care. The unit is that of a squared feature.
    The bias at a finite N is not removed: compare at equal N, beside a floor.

    Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule …", equation 6;
    Dowson and Landau 1982.
    Raises ValueError for fewer than 2 rows, unequal widths, NaN or infinity.
    """
    real, fake = checked_features({"real": real, "fake": fake}, at_least=2)
    shift = real.mean(axis=0) - fake.mean(axis=0)
    root_real, root_fake = _covariance_root(real), _covariance_root(fake)
    cross = np.linalg.svd(root_real @ root_fake.T, compute_uv=False).sum()
    distance = shift @ shift + (root_real**2).sum() + (root_fake**2).sum() - 2 * cross
    return max(float(distance), 0.0)


def _covariance_root(features: Float64s) -> Float64s:
    """Return R (min(N, d), d) with RᵀR the covariance of features (N, d)."""
    centred = features - features.mean(axis=0)
    return np.linalg.qr(centred, mode="r") / np.sqrt(len(features) - 1)
