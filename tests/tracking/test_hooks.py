"""The hooks around a real Kedro runner, with the real tracking process beside it."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import yaml
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from tests.tracking.cell_writer import CellWriter
from whichgen.parameters import Trunk, parse_recipes
from whichgen.tracking.hooks import TrackingHooks
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import Store
from whichgen.training.spec import CellSpec

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
GONE = "http://127.0.0.1:9"  # the discard port: nothing listens there
RECIPE = Path(__file__).parents[2] / "conf/base/parameters/recipes/gan/gan.yml"
DEADLINE_SECONDS = 120
Training = Callable[[CellSpec], dict[str, Any]]


def run(project: Path, train: Training) -> None:
    """Run a pipeline that trains and scores a cell, with the hooks called as a session does."""
    recipe = parse_recipes(yaml.safe_load(RECIPE.read_text())["recipes"])["gan"]
    spec = CellSpec(
        dataset="digits",
        name="gan",
        seed=0,
        recipe=recipe,
        trunk=Trunk(width=16, blocks=1),
        budget_flops=1e9,
        data_hash="d",
        extractor_hash="e",
    )
    pipeline = Pipeline(
        [
            node(train, "gan_spec", "gan_cell", name="train_gan", tags=["gan", "train"]),
            node(lambda cell: 0, "gan_cell", "gan_scores", name="score_gan", tags=["score"]),
        ]
    )
    hooks, manager = TrackingHooks(patience_seconds=DEADLINE_SECONDS), _create_hook_manager()
    manager.register(hooks)
    hooks.after_context_created(SimpleNamespace(project_path=project))
    hooks.before_pipeline_run()
    try:
        catalog = DataCatalog({"gan_spec": MemoryDataset(spec, copy_mode="assign")})
        SequentialRunner().run(pipeline, catalog, hook_manager=manager)
    except Exception:
        hooks.on_pipeline_error()
        raise
    hooks.after_pipeline_run()


def wait_for_run(store: Store, status: str, loss: float | None = None) -> Any:
    """The cell's only run, once it has this status and this last loss."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        runs = store.find_runs({"whichgen.cell": "digits/gan/0"})
        assert len(runs) <= 1
        if runs and runs[0].info.status == status and loss in (None, _loss(runs[0])):
            return runs[0]
        time.sleep(0.2)
    raise TimeoutError(f"no run with the status {status}")


def _loss(run: Any) -> float | None:
    value: float | None = run.data.metrics.get("by_step/generator_loss")
    return value


def quick_training(cell: CellWriter) -> Training:
    def train(spec: CellSpec) -> dict[str, Any]:
        cell.start()
        cell.rows(1)
        cell.status("finished")
        cell.outputs()
        return {"dataset": spec.dataset, "recipe": spec.name, "seed": spec.seed}

    return train


def configure(project: Path, mode: str) -> None:
    settings = TrackingSettings(mode=mode, tracking_uri=GONE)  # type: ignore[arg-type]
    (project / "conf/base/mlflow.yml").write_text(yaml.safe_dump(settings.model_dump()))


def test_a_cell_is_seen_while_it_trains_and_complete_at_the_end(
    store: Store, cell: CellWriter
) -> None:
    def train(spec: CellSpec) -> dict[str, Any]:
        cell.start()
        cell.rows(1, 2)
        wait_for_run(store, "RUNNING", loss=1.0)
        cell.rows(4)
        cell.status("finished")
        wait_for_run(store, "FINISHED", loss=0.5)
        cell.outputs()
        cell.scores()
        return {"dataset": spec.dataset, "recipe": spec.name, "seed": spec.seed}

    cell.start()
    cell.status("finished")  # an earlier training's files are not taken for this one's
    run(cell.project, train)
    final = wait_for_run(store, "FINISHED", loss=0.5)
    assert final.data.metrics["score/fd"] == 1.5
    assert not (cell.folder("06_models") / "tracking.log").exists()


def test_an_error_in_the_training_is_published_and_stays_the_error(
    store: Store, cell: CellWriter
) -> None:
    def train(spec: CellSpec) -> dict[str, Any]:
        cell.start()
        cell.rows(1)
        cell.status("failed", "ZeroDivisionError")
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError, match="by zero"):
        run(cell.project, train)
    failed = wait_for_run(store, "FAILED")
    assert failed.data.tags["whichgen.error"] == "ZeroDivisionError"


def test_a_server_that_is_gone_is_one_warning(
    cell: CellWriter, caplog: pytest.LogCaptureFixture
) -> None:
    configure(cell.project, "best_effort")
    caplog.set_level(logging.WARNING)
    run(cell.project, quick_training(cell))
    told = [r.getMessage() for r in caplog.records if r.name.startswith("whichgen.tracking")]
    assert len(told) == 1
    assert told[0].startswith("MLflow: not published: no answer (ConnectionError); ")
    assert "whichgen sync" in told[0]


def test_where_tracking_is_required_a_server_that_is_gone_fails_the_run(cell: CellWriter) -> None:
    configure(cell.project, "required")
    with pytest.raises(click.ClickException, match="MLflow: not published: no answer"):
        run(cell.project, quick_training(cell))
    assert (cell.folder("06_models") / "cell.json").is_file()


def test_off_starts_no_process(cell: CellWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHICHGEN_TRACKING", "off")
    configure(cell.project, "required")
    run(cell.project, quick_training(cell))
    assert not (cell.folder("06_models") / "tracking.log").exists()
    assert not (cell.project / "mlflow.db.lock").exists()


def test_a_mistake_in_the_settings_stops_the_run_before_it_starts(cell: CellWriter) -> None:
    (cell.project / "conf/base/mlflow.yml").write_text("mode: maybe\n")
    with pytest.raises(click.ClickException, match=r"conf/base/mlflow\.yml: mode: "):
        run(cell.project, quick_training(cell))


def test_a_killed_training_is_published_as_killed(store: Store, cell: CellWriter) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from tests.tracking.cell_writer import CellWriter\n"
        "from tests.tracking.test_hooks import run\n"
        "cell = CellWriter(Path(sys.argv[1]))\n"
        "def train(spec):\n"
        "    cell.start(); cell.rows(1); print('trains', flush=True); sys.stdin.read()\n"
        "run(cell.project, train)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(cell.project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as trainer:
        assert trainer.stdout is not None
        assert trainer.stdout.readline() == "trains\n"
        wait_for_run(store, "RUNNING")
        trainer.kill()
    wait_for_run(store, "KILLED")
