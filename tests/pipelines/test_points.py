"""Points go through whole commands as images do, from the source to the report and what is sent."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyarrow.parquet import read_table
from safetensors.numpy import load_file

from tests.conftest import Project, copy_project
from whichgen.forms.scatter import SIDE

pytestmark = pytest.mark.slow
CELLS = "data/08_reporting/ring/cells"


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    """A project after one run on a small ring."""
    project = Project(copy_project(tmp_path_factory.mktemp("ring")))
    path = project.path("conf/base/parameters/datasets/ring.yml")
    text = path.read_text().replace("labels: false", "labels: false, samples: 3000")
    text = text.replace("validation: 2500, test: 2500", "validation: 500, test: 500")
    path.write_text(re.sub(r"images_seen: \d+", "images_seen: 10000", text))
    project.run("kedro", "run", "--params", "dataset=ring,budget=3e9")
    return project


def read(project, name):
    return json.loads(project.path(name).read_text())


def test_the_modes_are_found_as_types_though_nobody_was_told_them(ring):
    info = read(ring, "data/05_model_input/ring/info.json")
    assert not info["labelled"]
    train = load_file(ring.path("data/05_model_input/ring/train.safetensors"))
    assert train["images"].dtype == np.float32
    modes = np.linalg.norm(train["images"][:, None] - np.array(info["modes"]["centres"]), axis=2)
    pairs = set(zip(train["types"].tolist(), modes.argmin(axis=1).tolist(), strict=True))
    assert len(pairs) == len(info["types"]["names"]) == 8
    np.testing.assert_allclose(info["mean"], train["images"].mean(axis=0), atol=1e-6)


def test_modes_are_scored_beside_what_real_points_get(ring):
    for recipe in ("gan", "dgn"):
        record = read(ring, f"{CELLS}/{recipe}/0/scores.json")
        assert record["status"] == "ok"
        assert set(record["scores"]) == set(record["floors"])
        assert record["floors"]["modes_covered"] == 8
        assert record["floors"]["high_quality_share"] == pytest.approx(0.989, abs=0.015)  # 3 σ
        samples = load_file(ring.path(f"data/07_model_output/ring/{recipe}/0/samples.safetensors"))
        away = samples["images"][:, None] - np.array(
            read(ring, "data/05_model_input/ring/info.json")["modes"]["centres"]
        )
        good = (np.linalg.norm(away, axis=2).min(axis=1) <= 0.03).mean()
        assert record["scores"]["high_quality_share"] == pytest.approx(good)
    assert "| modes_covered |" in ring.run("whichgen", "results", "--dataset", "ring").stdout


def test_every_gate_is_passed(ring):
    (gates,) = read(ring, "data/04_feature/ring/gates.json").values()
    passed = {check["corruption"]: check["passed"] for check in gates["checks"]}
    assert passed == dict.fromkeys(["noise", "shrinking", "dropped class"], True)


def test_the_report_shows_scatters(ring):
    page = ring.path("data/08_reporting/ring/comparison/report.html").read_text()
    assert page.count("<img") == 3 + 8 + 2  # real and each family, types, interpolations
    assert "modes covered" in page
    assert "points of 2 numbers" in page
    folder = ring.path("data/08_reporting/ring/comparison")
    for path in (folder / "report.md", *folder.glob("model_cards/*.md")):
        assert "points" in path.read_text()
        assert not re.search("image|图像", path.read_text(), re.I)
    seen = re.sub(r"<(style|script)\b.*?</\1>|data:image/[^\"]*|<img", "", page, flags=re.S)
    assert not re.search("image|图像", seen, re.I)
    with Image.open(ring.path("data/07_model_output/ring/dgn/0/grid.png")) as grid:
        assert grid.size == (SIDE, SIDE)


def test_points_that_stay_in_their_file_give_the_same_bytes(ring):
    weights = ring.path("data/06_models/ring/gan/0/generator.safetensors")
    before = weights.read_bytes()
    ring.run("kedro", "run", "--pipelines=gan", "--params", "dataset=ring,budget=3e9,data=stream")
    assert weights.read_bytes() == before


def test_points_are_drawn_sent_and_served(ring):
    from mlflow import pyfunc

    from whichgen.tracking.model import save_generator

    cell = ["--recipe", "dgn", "--dataset", "ring"]
    drawn = ring.run("whichgen", "sample", *cell, "--n", "20", "--out", "points.npz")
    assert "20 points of dgn on ring, seed 0: points.npz" in drawn.stdout
    ring.run("whichgen", "sample", *cell, "--n", "20", "--out", "points.png")
    ring.run("whichgen", "sample", *cell, "--n", "20", "--out", "shards")
    with np.load(ring.path("points.npz")) as drawn:
        assert (drawn["images"].dtype, drawn["images"].shape) == (np.float32, (20, 2))
    table = read_table(ring.path("shards/shard-000000.parquet"))
    assert table.column_names == ["point", "label"]
    assert np.isfinite(table["point"].to_pylist()).all()
    model = ring.path("model")
    save_generator(ring.path("data/06_models/ring/dgn/0"), model)
    answer = pyfunc.load_model(str(model)).predict(pd.DataFrame({"n": [4], "seed": [0]}))
    assert (answer.dtype, answer.shape) == (np.float32, (4, 2))


def test_the_articles_networks_are_refused_in_a_line(ring):
    run = ring.run(
        "kedro", "run", "--pipelines=gan", "--params", "dataset=ring,recipe=article_gan", ok=False
    )
    assert run.returncode != 0
    said = "Error: generator.name: 'article' is no network for points; those are: multilayer"
    assert said in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
