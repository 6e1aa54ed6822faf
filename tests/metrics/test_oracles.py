"""The same numbers as well-kept libraries give, on random features and on those of real digits."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from prdc import compute_prdc
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd
from vendi_score.vendi import score_dual

from whichgen.metrics import (
    density_coverage,
    frechet_distance,
    kernel_distance,
    precision_recall,
    vendi,
)

Array = npt.NDArray[np.float64]
CLOSE = 1e-6  # relative


@pytest.fixture(params=["random", "digits", "fewer rows than features"])
def sets(request: pytest.FixtureRequest) -> tuple[Array, Array]:
    if request.param == "digits":
        features = request.getfixturevalue("digit_features")
        return features["real"], features["fake"]
    rng = np.random.default_rng(7)
    n, m, d = (400, 300, 16) if request.param == "random" else (50, 60, 90)
    return rng.normal(size=(n, d)), 0.5 + 1.2 * rng.normal(size=(m, d))


class Identity(torch.nn.Identity):
    """An extractor whose input is already the features."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features


def test_frechet_distance_and_torchmetrics(sets: tuple[Array, Array]) -> None:
    real, fake = sets
    oracle: Any = FrechetInceptionDistance(feature=Identity(real.shape[1]))
    oracle.set_dtype(torch.float64)
    oracle.update(torch.from_numpy(real), real=True)
    oracle.update(torch.from_numpy(fake), real=False)
    assert frechet_distance(real, fake) == pytest.approx(float(oracle.compute()), rel=CLOSE)


def test_kernel_distance_and_torchmetrics(sets: tuple[Array, Array]) -> None:
    real, fake = sets
    n = min(len(real), len(fake))  # it takes sets of one size
    oracle = float(poly_mmd(torch.from_numpy(real[:n]), torch.from_numpy(fake[:n])))
    assert kernel_distance(real[:n], fake[:n]) == pytest.approx(oracle, rel=CLOSE)


@pytest.mark.parametrize("k", [3, 5])
def test_the_neighbour_metrics_and_prdc(sets: tuple[Array, Array], k: int) -> None:
    """Features have no ties, so its open balls and our closed ones agree."""
    oracle = compute_prdc(*sets, nearest_k=k)
    scores = precision_recall(*sets, k=k) | density_coverage(*sets, k=k)
    assert scores == {name: pytest.approx(oracle[name], rel=1e-12) for name in scores}
    assert scores["recall"] < 1
    assert 0 < scores["coverage"] < 1


def test_vendi_and_vendi_score(sets: tuple[Array, Array]) -> None:
    for features in sets:
        assert vendi(features) == pytest.approx(score_dual(features), rel=CLOSE)
