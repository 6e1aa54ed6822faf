"""Whole commands, as a user types them, in a project of their own."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tests.conftest import Project
from tests.networks.test_external import pooled
from whichgen.training.execution import has_bfloat16

pytestmark = pytest.mark.slow


def test_a_plain_run_leaves_one_scored_cell_of_each_family_and_a_report(trained_project):
    for recipe in ("gan", "dgn"):
        assert trained_project.path(
            f"data/06_models/digits/{recipe}/0/generator.safetensors"
        ).is_file()
        scores = trained_project.path(f"data/08_reporting/digits/cells/{recipe}/0/scores.json")
        record = json.loads(scores.read_text())
        assert record["status"] == "ok"
        assert record["uses_labels"] is True
        assert set(record["scores"]) == set(record["floors"])
        assert record["judge"].startswith("classifier_")
        assert record["second"]["judge"].startswith("fd_autoencoder_")
        assert None not in record["second"]["scores"].values()
    report = trained_project.path("data/08_reporting/digits/comparison/report.html").read_text()
    assert "inconclusive" in report.lower()  # one seed can show nothing
    assert report.count("<img") == 3 + 10 + 2 + 4  # grids, types, interpolations, neighbours
    folder = trained_project.path("data/08_reporting/digits/comparison")
    assert (folder / "report.md").read_text().startswith("# GAN or DGN for digits?")
    assert len(json.loads((folder / "report.json").read_text())["cells"]) == 2
    assert {card.name for card in folder.glob("model_cards/*")} == {"dgn.md", "gan.md"}
    assert (folder / "figures/fd_over_flops.png").is_file()


def test_both_families_spend_the_same_budget_to_within_a_step(trained_project):
    for recipe in ("gan", "dgn"):
        cell = json.loads(
            trained_project.path(f"data/06_models/digits/{recipe}/0/cell.json").read_text()
        )
        cost = cell["cost"]
        assert cell["budget_flops"] == 2e10
        assert 0 <= 2e10 - cost["training_flops"] < cost["flops_per_step"]


def test_the_table_accounts_for_every_digit_and_nothing_straddles(trained_project):
    index = pd.read_csv(trained_project.path("data/03_primary/digits/index.csv"))
    assert len(index) == 1797
    assert (index.groupby("hash")["split"].nunique() == 1).all()
    assert set(index.columns) == {"index", "split", "type", "source", "hash"}


@pytest.mark.parametrize("option", ["--pipeline=gan", "--pipelines=gan"])
def test_training_one_family_reuses_the_data_and_says_where_it_is(trained_project, option):
    done = trained_project.run("kedro", "run", option, "--params", "budget=2e10,seed=3")
    assert "split_images" not in done.stderr
    assert "data/06_models/digits/gan/3/generator.safetensors" in done.stdout
    assert "Next: " in done.stdout


def test_the_same_seed_gives_the_same_bytes(trained_project, fresh_project):
    fresh_project.run("kedro", "run", "--params", "budget=2e10")
    names = [
        "data/05_model_input/digits/train.safetensors",
        "data/06_models/digits/extractor.safetensors",
        "data/06_models/digits/second.safetensors",
        "data/04_feature/digits/gates.json",
        *(
            f"data/06_models/digits/{recipe}/0/{name}"
            for recipe in ("gan", "dgn")
            for name in ("generator.safetensors", "cell.json", "history.csv")
        ),
        *(
            f"data/07_model_output/digits/{recipe}/0/{name}.safetensors"
            for recipe in ("gan", "dgn")
            for name in ("samples", "interpolations", "neighbours")
        ),
        *(f"data/08_reporting/digits/cells/{r}/0/scores.json" for r in ("gan", "dgn")),
    ]
    for name in names:
        assert fresh_project.path(name).read_bytes() == trained_project.path(name).read_bytes(), (
            name
        )


def test_a_folder_of_colour_images_without_labels_and_a_second_judge_from_elsewhere(fresh_project):
    rng = np.random.default_rng(0)
    folder = fresh_project.path("data/01_raw/my_images")
    folder.mkdir(parents=True)
    for i in range(90):
        pixels = rng.integers(0, 80, (20, 24, 3), np.uint8)
        pixels[..., i % 3] += 150
        Image.fromarray(pixels).save(folder / f"{i}.png")
    fresh_project.path("network.onnx").write_bytes(pooled())
    fresh_project.run(
        "kedro", "run", "--params",
        "datasets.my_images.external_judge.name=dinov2,"
        "datasets.my_images.external_judge.weights=network.onnx,"
        "dataset=my_images,budget=3e10,datasets.my_images.clusters=auto,"
        "datasets.my_images.source.resolution=16,datasets.my_images.extractor.images_seen=2000,"
        "datasets.my_images.autoencoder.images_seen=2000,"
        "datasets.my_images.type_encoder.images_seen=3000,"
        "datasets.my_images.type_encoder.width=8",
    )  # fmt: skip
    info = json.loads(fresh_project.path("data/05_model_input/my_images/info.json").read_text())
    assert (info["channels"], info["resolution"], info["labelled"]) == (3, 16, False)
    assert len(info["types"]["names"]) == 3  # a colour each
    assert info["types"]["silhouettes"]["3"] > info["types"]["silhouettes"]["2"]
    report = fresh_project.path("data/08_reporting/my_images/comparison/report.html").read_text()
    assert "neither family was given labels" in report.lower()
    for recipe in ("gan", "dgn"):
        scores = fresh_project.path(f"data/08_reporting/my_images/cells/{recipe}/0/scores.json")
        record = json.loads(scores.read_text())
        assert record["judge"].startswith("autoencoder_")  # no type of these images is a label
        assert record["second"]["judge"].startswith("fd_dinov2_")
        assert record["second"]["scores"]["fd"] >= 0


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("seeed=3", "seeed: no parameter of this name"),
        ("dataset=mnist", "dataset: 'mnist' is not one of"),
        ("recipe=dgn", "'dgn' is of the family dgn"),
        ("budget=5", "budget: 5 training FLOPs do not pay for one step"),
        ("dataset=my_images", "my_images"),
        ("devices=3", "devices: 3 processes cannot share recipes.gan.training.batch, 32, evenly"),
        ("nodes=2", "nodes: 2 need MASTER_ADDR"),
        ("datasets.digits.split.test=0.9", "split"),
    ],
)
def test_a_users_mistake_is_one_clear_line(trained_project, parameters, said):
    done = trained_project.run("kedro", "run", "--pipelines=gan", "--params", parameters, ok=False)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert said in last
    assert "Traceback" not in done.stderr


def test_a_training_that_breaks_twice_is_a_failed_run_in_the_comparison(trained_project, tmp_path):
    shutil.copytree(trained_project.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    done = project.run(
        "kedro", "run", "--pipelines=comparison",
        "--params", "budget=2e10,seed=1,recipes.gan.training.rate=1e30",
    )  # fmt: skip
    assert "back to the weights of step 0, at 0.5 times the rate" in done.stderr
    verdict = project.path("data/08_reporting/digits/comparison/verdict.json").read_text()
    [failed] = json.loads(verdict)["failed"]
    assert (failed["recipe"], failed["seed"]) == ("gan", 1)
    assert "not finite" in failed["error"]
    report = project.path("data/08_reporting/digits/comparison/report.html").read_text()
    assert failed["error"] in report


def test_a_mistake_leaves_finished_files_as_they_were(trained_project):
    def content() -> dict[str, bytes]:
        files = [path for path in cell.rglob("*") if path.is_file() and path.name != "lock"]
        return {str(path.relative_to(cell)): path.read_bytes() for path in files}

    cell = trained_project.path("data/06_models/digits/gan/0")
    before = content()
    assert {"generator.safetensors", "live/status.json", "live/previews/step_00000040.png"} <= set(
        before
    )
    trained_project.run("kedro", "run", "--pipelines=gan", "--params", "budget=5", ok=False)
    assert content() == before


def test_the_overview_sums_up_the_verdicts_of_all_datasets(trained_project):
    reports = trained_project.path("data/08_reporting")
    verdict = json.loads((reports / "digits/comparison/verdict.json").read_text())
    assert verdict["weights"]["cost"] == 0.25
    other = reports / "more_digits/comparison/verdict.json"
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps(verdict | {"dataset": "more_digits"}))
    done = trained_project.run("kedro", "run", "--pipelines=overview")
    assert "data/08_reporting/overview.md" in done.stdout
    overview = json.loads((reports / "overview.json").read_text())
    assert overview["datasets"] == ["digits", "more_digits"]
    assert overview["recipes"] == ["gan", "dgn"]
    assert "no answer yet on 2" in (reports / "overview.md").read_text()
    shutil.rmtree(reports / "more_digits")


def test_a_wrong_weight_is_one_line(trained_project):
    done = trained_project.run(
        "kedro", "run", "--pipelines=comparison", "--params", "weights.cost=-1", ok=False
    )
    assert done.returncode != 0
    assert "parameters: weights.cost: input should be greater than or equal to 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_given_on_the_command_line_reach_the_verdict(trained_project):
    trained_project.run(
        "kedro", "run", "--pipelines=comparison", "--params", "budget=2e10,weights.quality=3"
    )
    written = trained_project.path("data/08_reporting/digits/comparison/verdict.json").read_text()
    assert json.loads(written)["weights"]["quality"] == 3


@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="this CPU has no bfloat16")
def test_how_steps_are_computed_is_a_parameter_and_part_of_the_cell(trained_project):
    trained_project.run(
        "kedro", "run", "--pipelines=dgn",
        "--params", "budget=2e10,seed=8,precision=bfloat16,compile=off",
    )  # fmt: skip
    cells = [
        json.loads(trained_project.path(f"data/06_models/digits/dgn/{seed}/cell.json").read_text())
        for seed in (0, 8)
    ]
    assert [cell["configuration"]["execution"]["precision"] for cell in cells] == [
        "float32", "bfloat16"
    ]  # fmt: skip
    assert [cell["status"] for cell in cells] == ["ok", "ok"]
    assert cells[0]["cost"]["training_flops"] == cells[1]["cost"]["training_flops"]


def test_a_graph_without_a_gpu_is_refused_in_a_line(trained_project):
    done = trained_project.run(
        "kedro", "run", "--pipelines=gan", "--params", "device=cpu,cuda_graph=on", ok=False
    )
    assert done.returncode == 1
    assert "cuda_graph: there are none on a cpu; use --params cuda_graph=off" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("family", "within"),
    [
        ("gan", ["validation_c2st_p.at_least=0", "validation_c2st_detectable.at_most=1"]),
        ("dgn", ["validation_fd.at_most=1e9", "validation_coverage.at_least=0"]),
    ],
)
def test_the_articles_own_trains_stops_by_its_rule_and_is_sampled(family, within, trained_project):
    """Its rule within reach at the first validation; scored, and told apart in the results."""
    recipe = f"article_{family}"
    rule = ",".join(f"recipes.{recipe}.training.stop_when.{bound}" for bound in within)
    trained_project.run(
        "kedro", "run", f"--pipelines={family},evaluation", f"--to-outputs={family}_scores",
        "--params", f"recipe={recipe},budget=2e10,{rule}",
    )  # fmt: skip
    folder = trained_project.path(f"data/06_models/digits/{recipe}/0")
    record = json.loads((folder / "cell.json").read_text())
    assert record["ended"]["because"] == "rule"
    assert record["ended"]["budget_share"] < 0.1  # the first of 16 validations
    scores = trained_project.path(f"data/08_reporting/digits/cells/{recipe}/0/scores.json")
    assert json.loads(scores.read_text())["ended"] == record["ended"]
    out = trained_project.path("article.png")
    trained_project.run(
        "whichgen", "sample", "--recipe", recipe, "--type", "3", "--n", "4",
        "--out", str(out),
    )  # fmt: skip
    with Image.open(out) as picture:
        assert min(picture.size) >= 8  # px, of one image or more
    for layer in ("06_models/digits", "07_model_output/digits", "08_reporting/digits/cells"):
        shutil.rmtree(trained_project.path(f"data/{layer}/{recipe}"))  # not for other tests
