"""All scores together: what perfect, collapsed and copying generators get."""

import numpy as np
import pytest

from whichgen.evaluation import score_features

K, N, D = 4, 400, 6


def draw(seed):
    rng = np.random.default_rng(seed)
    types = np.arange(N) % K
    return (rng.normal(size=(N, D)) + 4 * np.eye(K, D)[types]).astype(np.float32), types


@pytest.fixture
def real():
    (test, types), (train, _) = draw(0), draw(1)
    return {"test_features": test, "test_types": types, "train_features": train}


def score(real, fake, types, asked=True):
    return score_features(
        fake=fake, asked=types if asked else None, recognised=types, real=real, n_types=K
    )


def test_a_perfect_generator_is_at_the_floor(real):
    scores = score(real, *draw(2))["scores"]
    assert scores["fd"] < 0.5
    assert scores["coverage"] > 0.93
    assert scores["types_covered"] == 1.0
    assert scores["types_kl"] == pytest.approx(0.0, abs=1e-12)
    assert scores["type_agreement"] == 1.0
    assert abs(scores["memorisation"] - 0.5) < 0.1


def test_a_dropped_type_costs_coverage_and_types_not_precision(real):
    fake, types = draw(2)
    kept = types != 0
    fake, types = np.tile(fake[kept], (2, 1))[:N], np.tile(types[kept], 2)[:N]
    result = score(real, fake, types)
    assert result["scores"]["types_covered"] == 0.75
    assert result["scores"]["coverage"] < 0.8
    assert result["scores"]["precision"] > 0.8
    assert result["per_type"]["share"][0] == 0.0
    assert result["per_type"]["agreement"][0] is None


def test_a_copier_is_caught(real):
    result = score(real, real["train_features"], draw(1)[1])
    assert result["scores"]["memorisation"] == 1.0
    assert result["p_values"]["memorisation"] < 1e-6


def test_without_types_asked_for_there_is_no_agreement(real):
    result = score(real, *draw(2), asked=False)
    assert "type_agreement" not in result["scores"]
    assert "agreement" not in result["per_type"]
