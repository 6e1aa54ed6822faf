"""All scores together: what perfect, collapsed and copying generators get, and what is missing."""

import json

import numpy as np
import pytest

from whichgen.comparison.wording import METRICS
from whichgen.evaluation import score_features, score_modes, score_second

K, N, D = 4, 400, 6


def draw(seed):
    rng = np.random.default_rng(seed)
    types = np.arange(N) % K
    return (rng.normal(size=(N, D)) + 4 * np.eye(K, D)[types]).astype(np.float32), types


@pytest.fixture
def real():
    splits = {name: draw(seed) for seed, name in enumerate(("test", "train", "validation"))}
    return {
        f"{name}_{key}": values
        for name, split in splits.items()
        for key, values in zip(("features", "types"), split, strict=True)
    }


def score(real, fake, types, asked=True):
    return score_features(
        fake=fake, asked=types if asked else None, recognised=types, real=real, n_types=K
    )


def test_a_perfect_generator_is_at_the_floor(real):
    result = score(real, *draw(3))
    scores = result["scores"]
    assert result["missing"] == {}
    assert None not in scores.values()
    assert scores["fd"] < 0.5
    assert scores["fd_infinity"] == pytest.approx(0, abs=0.15)
    assert scores["coverage"] > 0.93
    assert scores["clipped_coverage"] > 0.9
    assert scores["clipped_density"] > 0.95
    assert scores["vendi_ratio"] == pytest.approx(1, abs=0.05)
    assert scores["types_covered"] == 1.0
    assert scores["types_kl"] == pytest.approx(0.0, abs=1e-12)
    assert scores["type_agreement"] == 1.0
    assert min(scores["gan_train"], scores["gan_test"]) > 0.95
    assert scores["c2st"] == pytest.approx(0.5, abs=0.08)
    assert abs(scores["memorisation"] - 0.5) < 0.1
    assert abs(scores["c_t"]) < 3


def test_every_score_has_its_words_and_the_record_is_plain_json(real):
    result = score(real, *draw(3))
    everywhere = {metric for metric, words in METRICS.items() if words.everywhere}
    assert set(result["scores"]) == everywhere
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_two_sample_test_states_its_interval_and_its_power(real):
    result = score(real, *draw(3))
    told = result["c2st"]
    assert told["low"] < result["scores"]["c2st"] < told["high"]
    assert (told["n"], told["detectable"]) == (400, pytest.approx(0.5625, abs=0.005))
    shifted = score(real, draw(3)[0] + 1, draw(3)[1])
    assert shifted["p_values"]["c2st"] < 1e-6 < 0.01 < result["p_values"]["c2st"]


def test_a_dropped_type_costs_coverage_and_types_not_precision(real):
    fake, types = draw(3)
    kept = types != 0
    fake, types = np.tile(fake[kept], (2, 1))[:N], np.tile(types[kept], 2)[:N]
    result = score(real, fake, types)
    assert result["scores"]["types_covered"] == 0.75
    assert result["scores"]["coverage"] < 0.8
    assert result["scores"]["precision"] > 0.8
    assert result["scores"]["gan_train"] == pytest.approx(0.75, abs=0.03)
    assert result["per_type"]["share"][0] == 0.0
    assert result["per_type"]["agreement"][0] is None
    assert result["per_type"]["fd"][0] is None
    assert result["missing"] == {"per_type_fd": "fewer than 2 images of type 0"}


def test_each_type_has_its_distance_beside_its_floor(real):
    fake, types = draw(3)
    fake[types == 2] += 1
    per_type = score(real, fake, types)["per_type"]
    excess = np.array(per_type["fd"]) - per_type["fd_floor"]
    assert excess == pytest.approx([0, 0, D, 0], abs=1.5)


def test_a_copier_is_caught(real):
    result = score(real, real["train_features"], draw(1)[1])
    assert result["scores"]["memorisation"] == 1.0
    assert result["scores"]["auth_pct"] == 0.0
    assert result["scores"]["c_t"] < -10
    assert result["p_values"]["memorisation"] < 1e-6
    assert result["p_values"]["memorisation_exact"] == pytest.approx(0.5**N, rel=1e-6, abs=0)
    assert [(pair["fake"], pair["to_train"]) for pair in result["closest"]] == [
        (row, 0.0) for row in range(8)
    ]


def test_without_types_asked_for_what_needs_them_is_missing_with_the_reason(real):
    result = score(real, *draw(3), asked=False)
    needed = ("type_agreement", "gan_train", "gan_test")
    assert result["missing"] == dict.fromkeys(needed, "the generator takes no types")
    assert [result["scores"][name] for name in needed] == [None, None, None]
    assert "agreement" not in result["per_type"]


def test_what_few_or_constant_images_cannot_show_is_missing_and_the_rest_is_there(real):
    few = {name: values[:12] for name, values in real.items()}
    fake, types = draw(3)
    result = score(few, fake[:12], types[:12])
    assert set(result["missing"]) == {"fd_infinity", "c_t"}
    assert result["missing"]["fd_infinity"].startswith("real has 12 rows; at least 18 are needed")
    assert result["scores"]["fd"] > 0
    constant = score(real, np.zeros((N, D), np.float32), types)
    assert constant["missing"] == dict.fromkeys(
        ("vendi", "vendi_ratio"), "features has a row of zeros, which has no direction"
    )
    assert constant["scores"]["recall"] == 0
    assert json.dumps(constant, allow_nan=False)


def test_broken_features_leave_every_score_on_them_open(real):
    fake, types = draw(3)
    fake[0, 0] = np.nan
    result = score(real, fake, types)
    measured = {name for name, value in result["scores"].items() if value is not None}
    assert measured == {"types_covered", "types_kl", "type_agreement"}
    assert set(result["missing"].values()) == {
        "fake holds NaN or infinity", "features holds NaN or infinity",
    }  # fmt: skip


def test_the_second_judges_scores_are_those_of_the_first_on_the_same_features(real):
    fake, types = draw(3)
    second = score_second(fake, real["test_features"])
    first = score(real, fake, types)["scores"]
    names = ("fd", "kid", "precision", "recall", "density", "coverage")
    assert second == {"scores": {name: first[name] for name in names}, "missing": {}}


def test_whoever_waits_is_told_of_every_score_before_it_is_there(real):
    fake, types = draw(3)
    told = []
    options = {"asked": types, "recognised": types, "real": real, "n_types": K}
    scores = score_features(fake=fake, **options, told=told.append)["scores"]
    named = {name for part in told for name in part.split()}
    counted = {"types_covered", "types_kl", "type_agreement"}  # at once, so not told
    assert set(scores) - named == counted


def test_known_modes_are_counted_by_pacgans_protocol():
    modes = {
        "centres": [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]],
        "deviation": 0.1,
        "shares": [1 / 3] * 3,
    }
    samples = np.array([[0.0, 0.0], [0.0, 0.29], [4.0, 0.0], [0.0, 3.0]])  # the last one far off
    scores = score_modes(samples, modes)["scores"]
    assert scores["modes_covered"] == 2
    assert scores["high_quality_share"] == 0.75
    shares = np.array([2, 1, 1]) / 4  # of the nearest modes, however far
    assert scores["modes_kl"] == pytest.approx(float(shares @ np.log(3 * shares)))


def test_samples_that_are_not_finite_have_no_modes():
    modes = {"centres": [[0.0, 0.0]], "deviation": 0.1, "shares": [1.0]}
    result = score_modes(np.array([[np.nan, 0.0]]), modes)
    assert set(result["scores"].values()) == {None}
    assert "NaN" in result["missing"]["modes_kl"]
