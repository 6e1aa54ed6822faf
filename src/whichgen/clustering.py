"""Types for data without labels: clusters of the training images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError

Features = npt.NDArray[np.float32]
_KMEANS_STARTS = 10
_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
_LEAST_IMAGES = 20  # of each type in the mean, so that there is something to match
_JUDGED_IMAGES = 2000


def cluster_names(k: int) -> tuple[str, ...]:
    """The names of k clusters: "cluster 0", the largest, to "cluster k-1"."""
    return tuple(f"cluster {i}" for i in range(k))


def cluster_types(
    features: Features, train_mask: npt.NDArray[np.bool_], *, k: int, seed: int
) -> npt.NDArray[np.int64]:
    """A type 0..k-1 for every image, learnt from the training images alone.

    k-means, the best of ten starts; every image gets the nearest centre. Clusters are numbered by
    their number of training images, the largest first. The same arguments give the same types.

    Args:
        features: (N, D), of each image.
        train_mask: (N,), true for the images to learn from.
        k: number of types.
        seed: of the starts of k-means.

    Returns:
        (N,) int64.

    Raises:
        WhichgenError: k is less than 1 or more than the number of different training images.
    """
    from sklearn.cluster import KMeans  # here: half a second that labelled data doesn't need

    distinct = _distinct(features[train_mask])
    if not 1 <= k <= distinct:
        raise WhichgenError(
            f"number of types: {k}, must be from 1 to {distinct}, the different training images"
        )
    if k == 1:
        return np.zeros(len(features), np.int64)
    model = KMeans(k, n_init=_KMEANS_STARTS, random_state=seed).fit(features[train_mask])
    by_size = np.argsort(-np.bincount(model.labels_, minlength=k), kind="stable")
    rank = np.empty(k, np.int64)
    rank[by_size] = np.arange(k)
    return rank[model.predict(features)]


def choose_count(
    features: Features, train_mask: npt.NDArray[np.bool_], *, seed: int
) -> tuple[int, dict[int, float]]:
    """The number of types whose clusters stand apart most, and the figures that say so.

    The mean silhouette (Rousseeuw 1987) of k-means' clusters, for counts from 2 to 32 that leave 20
    training images a type: how much nearer an image is to its own cluster than to the next, from -1
    to 1. The largest is taken; of equal ones the smaller count. Learnt from at most 2,000 training
    images.

    Args:
        features: (N, D), of each image. train_mask: (N,), true for the images to learn from.

    Returns:
        The count, and the silhouette of each count that was tried.

    Raises:
        WhichgenError: if there are too few different training images for two types.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    rng = np.random.Generator(np.random.PCG64(seed))
    members = rng.permutation(np.flatnonzero(train_mask))[:_JUDGED_IMAGES]
    points = features[members]
    most = min(int(train_mask.sum()) // _LEAST_IMAGES, _distinct(points) - 1)
    silhouettes = {}
    for k in _COUNTS:
        if k <= most:
            model = KMeans(k, n_init=_KMEANS_STARTS, random_state=seed).fit(points)
            silhouettes[k] = float(silhouette_score(points, model.labels_))
    if not silhouettes:
        raise WhichgenError(
            f"clusters: auto needs {2 * _LEAST_IMAGES} training images or more, 3 of them "
            "different; give a number, for example clusters: 2"
        )
    return max(silhouettes, key=lambda k: (silhouettes[k], -k)), silhouettes


def _distinct(features: Features) -> int:
    return len(np.unique(features, axis=0))
