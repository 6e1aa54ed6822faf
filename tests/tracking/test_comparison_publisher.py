import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.tracking.cell_writer import CellWriter
from whichgen.comparison.cells import Cell, LeftOut
from whichgen.comparison.verdict import decide
from whichgen.tracking.comparison_publisher import publish_comparison
from whichgen.tracking.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

KEYS = [("digits", recipe, seed) for recipe in ("dgn", "gan") for seed in (0, 1)]


def scored(recipe: str, seed: int) -> Cell:
    """A cell whose GAN has a Fréchet distance of 2 and whose DGN has one of 1."""
    return Cell.from_scores(
        {
            "dataset": "digits",
            "recipe": recipe,
            "family": recipe,
            "seed": seed,
            "status": "ok",
            "data_hash": "d",
            "extractor_hash": "e",
            "judge": "classifier_e",
            "budget_flops": 1e12,
            "n": 300,
            "scores": {"fd": 2.0 if recipe == "gan" else 1.0},
            "floors": {"fd": 0.25},
        }
    )


@pytest.fixture
def comparison(project: Path) -> Path:
    """Two cells of each family, one GAN's left out, and the folder of their comparison."""
    for key in KEYS:
        cell = CellWriter(project, key)
        cell.start()
        cell.rows(1)
        cell.status("finished")
        cell.outputs()
    folder = project / "data/08_reporting/digits/comparison"
    folder.mkdir(parents=True)
    write_verdict(folder, seeds=(0,), left_out=[LeftOut("gan", 1, "stale")])
    (folder / "report.html").write_text("<h1>The report</h1>")
    (folder / "report.md").write_text("# The report\n")
    (folder / "report.json").write_text("{}")
    (folder / "model_cards").mkdir()
    (folder / "model_cards/gan.md").write_text("# Model card: gan\n")
    (folder / "table.csv").write_text("recipe,fd\ngan,2\n")
    (folder / "figures").mkdir()
    Image.new("L", (8, 8)).save(folder / "figures/fd.png")
    return folder


def write_verdict(folder: Path, seeds: tuple[int, ...], left_out: list[LeftOut]) -> None:
    cells = [scored(recipe, seed) for recipe in ("gan", "dgn") for seed in seeds]
    (folder / "verdict.json").write_text(json.dumps(decide(cells, left_out=left_out)))


def children(store: Store, parent: str | None) -> list[str]:
    found = store.find_runs({"mlflow.parentRunId": str(parent)})
    return sorted(run.info.run_name for run in found)


def named(store: Store, name: str) -> list[Any]:
    return [r for r in store.client.search_runs([store.experiment_id]) if r.info.run_name == name]


def test_without_a_verdict_the_cells_are_published(store: Store, comparison: Path) -> None:
    (comparison / "verdict.json").unlink()
    assert publish_comparison(store, "digits") is None
    assert len(store.client.search_runs([store.experiment_id])) == len(KEYS)


def test_a_comparison_holds_report_verdict_and_cells(store: Store, comparison: Path) -> None:
    run_id = publish_comparison(store, "digits")
    run = store.client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("comparison digits", "FINISHED")
    assert run.data.metrics["gan vs dgn/quality/effect"] == 2.0
    assert run.data.tags["whichgen.gan vs dgn.quality"] == "inconclusive"
    assert run.data.tags["whichgen.choice"] == "inconclusive"
    verdict = json.loads((comparison / "verdict.json").read_text())
    assert run.data.tags["mlflow.note.content"] == verdict["recommendation"]["sentence"]["en"]
    assert [item.path for item in store.client.list_artifacts(run_id)] == [
        "figures",
        "model_cards",
        "report.html",
        "report.json",
        "report.md",
        "table.csv",
        "verdict.json",
    ]
    assert [f.path for f in store.client.list_artifacts(run_id, "figures")] == ["figures/fd.png"]
    cards = store.client.list_artifacts(run_id, "model_cards")
    assert [card.path for card in cards] == ["model_cards/gan.md"]
    assert children(store, run_id) == ["digits/dgn/0", "digits/dgn/1", "digits/gan/0"]
    assert len(named(store, "digits/gan/1")) == 1


def test_publishing_a_comparison_twice_changes_nothing(store: Store, comparison: Path) -> None:
    run_id = publish_comparison(store, "digits")
    before = store.client.get_run(run_id).to_dictionary()
    assert publish_comparison(store, "digits") == run_id
    assert store.client.get_run(run_id).to_dictionary() == before
    assert len(named(store, "comparison digits")) == 1


def test_a_new_verdict_is_a_new_run_that_takes_the_cells_over(
    store: Store, comparison: Path
) -> None:
    first = publish_comparison(store, "digits")
    write_verdict(comparison, seeds=(0, 1), left_out=[])
    second = publish_comparison(store, "digits")
    assert first != second
    assert children(store, second) == [
        "digits/dgn/0",
        "digits/dgn/1",
        "digits/gan/0",
        "digits/gan/1",
    ]
    assert children(store, first) == []


def test_a_cell_trained_again_takes_the_place_of_its_old_run(
    store: Store, comparison: Path
) -> None:
    parent = publish_comparison(store, "digits")
    again = CellWriter(store.project, KEYS[0])
    again.start()
    again.rows(1, loss=5.0)
    again.status("finished")
    assert publish_comparison(store, "digits") == parent
    assert len(named(store, "digits/dgn/0")) == 2
    assert children(store, parent) == ["digits/dgn/0", "digits/dgn/1", "digits/gan/0"]


def test_a_changed_report_of_the_same_verdict_replaces_the_old_one(
    store: Store, comparison: Path, tmp_path: Path
) -> None:
    run_id = publish_comparison(store, "digits")
    (comparison / "report.html").write_text("<h1>Another</h1>")
    assert publish_comparison(store, "digits") == run_id
    copy = store.client.download_artifacts(run_id, "report.html", str(tmp_path))
    assert Path(copy).read_text() == "<h1>Another</h1>"
