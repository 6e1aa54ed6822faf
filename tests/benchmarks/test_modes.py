"""The benchmark of mode coverage: its judge on what is known, its table, its kept cells."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader

from benchmarks import known_modes
from benchmarks.cells import ROOT
from benchmarks.modes import Bench, report
from benchmarks.modes_plan import FIGURES, Plan, read_plans, whole_recipe
from tests.conftest import Project
from whichgen.parameters import Parameters, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.sources import load_source


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    return parse_parameters(dict(loader["parameters"]))


@pytest.fixture(scope="module")
def stacked(parameters: Parameters) -> known_modes.StackedModes:
    return known_modes.StackedModes(parameters.datasets["stacked"], Path("not there"))


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    return load_source("stacked", Path("not there"), {"train": 1, "test": 26_000}).images[1:]


def test_real_test_images_reach_every_mode_in_its_share(stacked, real):
    assert stacked.accuracy > 0.98
    figures = stacked.figures(real)
    assert figures["modes"] == 1000
    assert figures["high_quality"] == pytest.approx(0.99**3, abs=0.02)
    # of 26,000 samples 999 / 52,000 is chance, and the two halves' digits differ a little in number
    assert figures["reverse_kl"] == pytest.approx(999 / 52_000, abs=0.01)


def test_a_single_real_image_is_one_mode_and_of_high_quality(stacked, real):
    good = next(x for x in real if stacked.figures(x[None])["high_quality"] == 1)
    figures = stacked.figures(np.repeat(good[None], 500, axis=0))
    assert (figures["modes"], figures["high_quality"]) == (1, 1.0)
    assert figures["reverse_kl"] == pytest.approx(np.log(1000), abs=0.15)


def test_noise_is_of_no_quality_whatever_mode_it_is_taken_for(stacked):
    noise = np.random.default_rng(0).integers(256, size=(2000, 3, 8, 8), dtype=np.uint8)
    figures = stacked.figures(noise)
    assert figures["high_quality"] < 0.02
    assert figures["modes"] < 200


@pytest.mark.parametrize("dataset", read_plans())
def test_the_plans_recipes_are_valid_and_its_figures_known(dataset, parameters):
    plan = read_plans()[dataset]
    raw = parameters.model_dump(mode="json")
    for name in plan.recipes:
        recipes = raw["recipes"] | {name: whole_recipe(name, plan, parameters)}
        assert name in parse_parameters(raw | {"recipes": recipes}).recipes
    assert {key for of in plan.published.values() for key in of} <= set(FIGURES)
    assert dataset in parameters.datasets


def test_an_unknown_recipe_is_one_line(parameters):
    with pytest.raises(SystemExit, match="--recipes: 'wgan' is not one of article_dgn"):
        whole_recipe("wgan", read_plans()["stacked"], parameters)


def test_a_dataset_without_known_modes_is_one_line(parameters):
    with pytest.raises(SystemExit, match="digits: its modes are not known"):
        known_modes.known_modes(parameters.datasets["digits"], {"name": "digits"}, Path())


def test_points_count_as_in_pacgan(parameters):
    told = {"centres": [[0.0, 0.0], [1.0, 0.0]], "deviation": 0.1, "shares": [0.5, 0.5]}
    points = known_modes.known_modes(parameters.datasets["digits"], {"modes": told}, Path())
    samples = np.array([[0.0, 0.29], [0.0, 0.31], [0.6, 0.0], [0.0, 0.0]], dtype=np.float32)
    divergence = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    assert points.count == 2
    assert points.figures(samples) == {
        "modes": 1, "high_quality": 0.5, "reverse_kl": pytest.approx(divergence),
    }  # fmt: skip


def test_the_table_has_means_with_errors_beside_what_was_published(stacked):
    plan = Plan(budget=1e9, samples=10, recipes={"gan": {"recipe": "gan"}},
                published={"DCGAN": {"modes": 99, "reverse_kl": 3.4}})  # fmt: skip
    bench = Bench(dataset="stacked", plan=plan, recipes={}, data={}, known=stacked, results=Path())
    common = {"status": "ok", "code": "a", "steps": 10, "seconds": 60.0}
    rows = {
        "gan": [
            {**common, "modes": 8, "high_quality": 0.5, "reverse_kl": 0.1},
            {**common, "modes": 6, "high_quality": 0.7, "reverse_kl": 0.3},
            {**common, "status": "failed", "seconds": 120.0},
        ],
        "dgn": [{**common, "code": "b", "modes": 7, "high_quality": 1.0, "reverse_kl": 0.0}],
    }
    text = report(bench, rows, {"modes": 10, "high_quality": 0.97, "reverse_kl": 0.02})
    assert "| gan | 2 of 3 | 7 ± 1 | 0.6 ± 0.1 | 0.2 ± 0.1 | 10 | 1.0 |" in text
    assert "| dgn | 1 | 7 | 1 | 0 | 10 | 1.0 |" in text
    assert "| real test data |  | 10 | 0.97 | 0.02 |  |  |" in text
    assert "| published: DCGAN |  | 99 |  | 3.4 |  |  |" in text
    assert "of 2 versions of the training code" in text


@pytest.mark.slow
def test_a_killed_benchmark_goes_on_and_trains_no_cell_twice(fresh_project: Project):
    config = fresh_project.path("conf/base/parameters/datasets/stacked.yml")
    text = config.read_text().replace("train: 60000, test: 26000", "train: 3000, test: 2000")
    text = text.replace("validation: 4000, test: 26000", "validation: 1000, test: 2000")
    config.write_text(text.replace("images_seen: 60000", "images_seen: 6000"))
    command = ("python", "-m", "benchmarks.modes", "stacked", "--recipes", "gan_pack2",
               "--seeds", "2", "--budget", "1e10")  # fmt: skip
    folder = fresh_project.path("benchmarks/results/modes/stacked/gan_pack2")
    where = {"PYTHONPATH": f"{fresh_project.folder}/src:{fresh_project.folder}"}

    process = fresh_project.start(*command, **where)
    while process.poll() is None and not list(folder.glob("0_*.json")):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (first,) = folder.glob("*.json")
    before = first.read_bytes(), first.stat().st_mtime_ns

    done = fresh_project.run(*command, **where)
    assert "gan_pack2 on stacked, seed 1" in done.stdout
    assert "gan_pack2 on stacked, seed 0" not in done.stdout
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    mean = sum(row["modes"] for row in rows) / 2
    assert f"| gan_pack2 | 2 | {mean:.4g} ± " in done.stdout
    assert fresh_project.path("benchmarks/results/modes/stacked.md").read_text() in done.stdout
    assert not list(fresh_project.path("data/06_models/stacked").glob("modes_*/*"))
