"""Trainings beside a real MLflow server that is down, dies, hangs, and comes back."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Project
from tests.tracking.cell_writer import CellWriter
from tests.tracking.lossy_proxy import lossy_proxy
from tests.tracking.mlflow_server import MlflowServer
from tests.tracking.published import all_points, assert_history_is_whole, everything, runs_of
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import open_store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
CELL = "data/06_models/digits/gan/0"
OUTPUTS = ("generator.safetensors", "cell.json", "history.csv")
TINY, LONG = "2e10", "4e11"  # budgets: less than a second, and long enough to be seen live
DEADLINE_SECONDS = 120
MakeProject = Callable[[str, str], Project]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    server = MlflowServer(tmp_path_factory.mktemp("server"))
    yield server
    server.thaw()
    server.kill()


@pytest.fixture
def make_project(trained_project: Project, server: MlflowServer, tmp_path: Path) -> MakeProject:
    """Copies of a project with data and judges, tracked in that mode in an experiment."""

    def make(experiment: str, mode: str) -> Project:
        folder = tmp_path / experiment
        shutil.copytree(trained_project.folder, folder, symlinks=True)
        for results in ("06_models/digits/gan", "06_models/digits/dgn", "08_reporting/digits"):
            shutil.rmtree(folder / "data" / results)
        settings = {"tracking_uri": server.uri, "experiment": experiment, "mode": mode}
        (folder / "conf/local/mlflow.yml").write_text(yaml.safe_dump(settings))
        return Project(folder)

    return make


def gan(project: Project, budget: str = TINY, *, ok: bool = True) -> str:
    """Train the cell; what the run said."""
    done = project.run(*command(budget), ok=ok, WHICHGEN_TRACKING="")
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def command(budget: str) -> tuple[str, ...]:
    return ("kedro", "run", "--pipelines=gan", "--params", f"budget={budget}")


def sync(project: Project) -> None:
    project.run("whichgen", "sync", WHICHGEN_TRACKING="")


def outputs(project: Project) -> dict[str, bytes]:
    return {name: (project.path(CELL) / name).read_bytes() for name in OUTPUTS}


def assert_synced_once_and_for_all(server: MlflowServer, project: Project, name: str) -> Any:
    """After a sync the server shows the whole cell; a second one changes nothing."""
    sync(project)
    client = server.client()
    run = assert_history_is_whole(client, name, project.path(CELL))
    before = everything(client, name)
    sync(project)
    assert everything(client, name) == before
    return run


def waited(said: str) -> float:
    """How long, by its own clock, the end of a run waited for a publication that went on."""
    flat = " ".join(said.split())
    found = re.search(r"MLflow: still publishing, not waited for after ([\d.]+) s", flat)
    assert found, said
    return float(found[1])


def test_a_server_that_is_down_costs_nothing_and_is_made_up_for(
    server: MlflowServer, make_project: MakeProject, trained_project: Project
) -> None:
    server.kill()
    project = make_project("down", "best_effort")
    said = " ".join(gan(project).split())
    assert ("MLflow: not published: no answer" in said) != ("MLflow: still publishing" in said)
    assert outputs(project) == outputs(trained_project)
    server.start()
    run = assert_synced_once_and_for_all(server, project, "down")
    assert run.data.tags["whichgen.command"] == "kedro run --pipelines=gan --params budget=2e10"


def test_required_ends_with_an_error_after_the_files_are_written(
    server: MlflowServer, make_project: MakeProject, trained_project: Project
) -> None:
    server.kill()
    project = make_project("required", "required")
    said = gan(project, ok=False)
    assert "MLflow: not published: no answer" in " ".join(said.split())
    assert "Traceback" not in said
    assert outputs(project) == outputs(trained_project)


def test_off_neither_publishes_nor_waits(
    server: MlflowServer, make_project: MakeProject, trained_project: Project
) -> None:
    server.kill()
    project = make_project("off", "off")
    assert "MLflow" not in gan(project).replace("the runs in MLflow", "")
    assert outputs(project) == outputs(trained_project)
    assert not project.path(f"{CELL}/tracking.log").exists()
    assert not project.path(f"{CELL}/live/provenance.json").exists()


def test_a_server_that_never_answers_costs_five_seconds_and_is_made_up_for(
    server: MlflowServer, make_project: MakeProject, trained_project: Project
) -> None:
    server.start()
    server.freeze()
    try:
        project = make_project("frozen", "best_effort")
        assert 5.0 <= waited(gan(project)) < 6.0
    finally:
        server.thaw()
    assert outputs(project) == outputs(trained_project)
    # The publisher that the run left may be at it still: both together double nothing.
    assert_synced_once_and_for_all(server, project, "frozen")


def test_points_arrive_while_it_trains_and_none_is_lost_when_the_server_is_killed(
    server: MlflowServer, make_project: MakeProject
) -> None:
    untracked = make_project("untracked", "off")
    gan(untracked, LONG)
    server.start()
    project = make_project("killed", "best_effort")
    training = project.start(*command(LONG), WHICHGEN_TRACKING="")
    seen = wait_for_points(server, "killed")
    assert training.poll() is None
    server.kill()
    said = " ".join("".join(training.communicate()).split())
    assert training.returncode == 0, said
    assert ("MLflow: not published: no answer" in said) != ("MLflow: still publishing" in said)
    assert outputs(project) == outputs(untracked)
    server.start()
    run = assert_synced_once_and_for_all(server, project, "killed")
    after = all_points(server.client(), run)
    assert {name: after[name][: len(points)] for name, points in seen.items()} == seen
    assert len(after["by_step/flops"]) > len(seen["by_step/flops"]) > 0
    load = run.data.metrics
    assert 0 < load["system/cpu_utilization_percentage"] <= 100
    assert load["system/system_memory_usage_megabytes"] > 0


def wait_for_points(server: MlflowServer, experiment: str) -> dict[str, Any]:
    """The points of the run that is there first, once it has some."""
    client, end = server.client(), time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        for run in runs_of(client, experiment):
            points = all_points(client, run)
            if points.get("by_step/flops"):
                assert run.info.status == "RUNNING"
                return points
        time.sleep(0.2)
    raise TimeoutError("no points arrive")


def test_whichever_answer_is_lost_nothing_is_missing_or_doubled(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BACKOFF_FACTOR", "BACKOFF_JITTER"):
        monkeypatch.setenv(f"MLFLOW_HTTP_REQUEST_{name}", "0")
    server.start()
    cell = finished_cell(tmp_path)
    whole = publish(cell, server.uri, "whole")
    losses = 0
    for answers in (*range(1, 28), *range(28, 100, 8)):  # the many in the middle are files
        name = f"after {answers} answers"
        with lossy_proxy(server.port, answers) as proxy:
            try:
                publish(cell, proxy.uri, name)
            except Exception:
                losses += 1
            else:
                break  # there were enough of them for everything
            proxy.answers = 1000
            assert publish(cell, proxy.uri, name) == whole, name
    assert losses > 27


def finished_cell(project: Path) -> CellWriter:
    cell = CellWriter(project)
    cell.start()
    cell.rows(*range(1, 9))
    cell.preview(2)
    cell.status("finished")
    cell.outputs()
    cell.scores()
    (cell.folder("06_models") / "generator.safetensors").write_bytes(b"weights")
    return cell


def publish(cell: CellWriter, uri: str, experiment: str) -> tuple[Any, ...]:
    """Publish the cell; what the experiment then shows, but for the names given by chance."""
    settings = TrackingSettings(tracking_uri=uri, experiment=experiment)
    store = open_store(cell.project, settings)
    publish_cell(store, cell.key)
    runs = runs_of(store.client, experiment)
    assert len(runs) == 1
    models = store.client.search_logged_models([store.experiment_id])
    assert len(models) == 1
    said = {(m.key, m.value, m.step, m.timestamp) for m in models[0].metrics}
    given = [output.step for output in runs[0].outputs.model_outputs]
    return all_points(store.client, runs[0]), said, given, runs[0].data.params
