"""A whole cell of each family: budget, determinism, files, failure."""

import json
import time

import pytest
import torch

from tests.training.conftest import DGN, GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.networks import SharedStem, StemSet, build_generator, rebuild_generator
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.record import DRAWN, DRAWS
from whichgen.training.validation import validator

BOTH = pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])


@pytest.fixture
def run(splits, info, extractor, tmp_path):
    def go(spec, *, labelled=True, name="live", train=None):
        return train_cell(
            spec,
            train_split=train or splits["train"],
            validation_split=splits["val"],
            info=info | {"labelled": labelled},
            extractor=extractor,
            live=tmp_path / name,
            checkpoints=Checkpoints(tmp_path / name / "checkpoints", spec.identity()),
        )

    return go


@BOTH
def test_the_budget_is_spent_and_not_exceeded(recipe, spec, run):
    trained, record, _ = run(spec(recipe, budget=1e9))
    cost = record["cost"]
    assert cost["training_flops"] <= 1e9 < cost["training_flops"] + cost["flops_per_step"]
    assert cost["steps"] == trained.history[-1]["step"] == trained.steps


@BOTH
def test_the_sampling_was_timed_and_fits_in_the_time_that_all_took(recipe, spec, run):
    began = time.perf_counter()
    _, _, measured = run(spec(recipe, budget=5e8))
    milliseconds = 1000 * (time.perf_counter() - began)
    drawn = measured["sampling_ms_per_image"] * DRAWN * (DRAWS // 2 + 1)  # so long at least
    assert 0 < drawn < milliseconds


@BOTH
def test_training_brings_the_validation_distance_down(recipe, spec, run, splits, info, extractor):
    trained, _, _ = run(spec(recipe))
    untrained = build_generator(recipe, TRUNK, info)
    before = validator(extractor, *splits["val"].values(), n=60, seed=0)(untrained)
    distances = [row["validation_fd"] for row in trained.history if "validation_fd" in row]
    assert len(distances) == 3
    assert min(distances) < 0.1 * before["validation_fd"]


@BOTH
def test_same_seed_same_bytes_and_another_seed_another_generator(recipe, spec, run):
    first, second, other = (
        run(spec(recipe, seed, budget=5e8), name=str(i)) for i, seed in enumerate((1, 1, 2))
    )
    weights = [r[0].generator.state_dict() for r in (first, second, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert any(not torch.equal(weights[0][name], weights[2][name]) for name in weights[0])
    assert first[0].history == second[0].history
    assert first[1] == second[1]


@BOTH
def test_the_kept_weights_are_those_of_the_best_validation(recipe, spec, run, splits, extractor):
    trained, record, _ = run(spec(recipe))
    val = splits["val"]
    again = validator(extractor, val["images"], val["types"], n=60, seed=0)(trained.generator)
    best = min(
        (row for row in trained.history if "validation_fd" in row),
        key=lambda row: row["validation_fd"],
    )
    assert again["validation_fd"] == best["validation_fd"]
    assert record["best_step"] == best["step"]


@BOTH
def test_the_record_and_the_weights_rebuild_the_generator(recipe, spec, run):
    trained, record, _ = run(spec(recipe, budget=2e8))
    weights = trained.generator.state_dict()
    rebuilt = rebuild_generator(json.loads(json.dumps(record)), weights)
    draws = [g.sample(5, torch.Generator().manual_seed(0)) for g in (trained.generator, rebuilt)]
    assert torch.equal(draws[0][0], draws[1][0])
    assert torch.equal(draws[0][1], draws[1][1])


def test_both_families_get_labels_or_neither_does(spec, run):
    for labelled, conditional in ((True, 3), (False, 0)):
        gan, record, _ = run(spec(GAN, budget=2e8), labelled=labelled, name=f"g{labelled}")
        assert isinstance(gan.generator.stem, SharedStem)
        assert gan.generator.n_types == conditional
        assert record["uses_labels"] is labelled
    dgn, _, _ = run(spec(DGN, budget=2e8), labelled=False)
    assert isinstance(dgn.generator.stem, StemSet)
    assert dgn.generator.n_types == 3


def test_nothing_in_a_dgn_cell_is_a_discriminator(spec, run):
    _, record, _ = run(spec(DGN, budget=2e8))
    assert record["cost"]["training_parameters"] == record["cost"]["generator_parameters"]
    _, gan_record, _ = run(spec(GAN, budget=2e8), name="gan")
    assert gan_record["cost"]["training_parameters"] > gan_record["cost"]["generator_parameters"]


@BOTH
def test_the_live_files_tell_the_same_story_as_the_result(recipe, spec, run, tmp_path):
    trained, record, _ = run(spec(recipe))
    live = tmp_path / "live"
    rows = [json.loads(line) for line in (live / "history.jsonl").read_text().splitlines()]
    assert rows == trained.history
    assert json.loads((live / "config.json").read_text()) == record["configuration"]
    assert json.loads((live / "status.json").read_text())["state"] == "finished"
    looks = [f"step_{row['step']:08d}.png" for row in rows if "validation_fd" in row]
    assert sorted(p.name for p in (live / "previews").iterdir()) == looks


def test_a_budget_below_one_step_is_refused_with_the_price_of_a_step(spec, run):
    with pytest.raises(WhichgenError, match=r"budget: 10 training FLOPs do not pay for one step"):
        run(spec(DGN, budget=10.0))


@BOTH
def test_a_loss_that_is_not_finite_ends_as_a_failed_run(recipe, spec, run, tmp_path):
    wild = recipe.model_copy(update={"training": recipe.training.model_copy(update={"rate": 1e30})})
    trained, record, _ = run(spec(wild))
    assert record["status"] == "failed"
    assert "not finite" in record["error"]
    assert json.loads((tmp_path / "live" / "status.json").read_text())["state"] == "failed"
    assert all(torch.isfinite(w).all() for w in trained.generator.state_dict().values())
