"""The real command in a project of its own: outages, kills, bad data, a full disk."""

import json
import shutil
import signal
import socket
import sqlite3
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from benchmarks.retraining_week import FETCH, NAME, arrive, edit, make_project, records, week, wrong
from tests.conftest import Project
from whichgen.retraining.run import LOCK, retraining_folder
from whichgen.retraining.state import load_state
from whichgen.training.process import only_process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal"),
]
DAYS = week()
COMMAND = ("whichgen", "retrain", "--dataset", NAME)
TRACKED = {"WHICHGEN_TRACKING": "best_effort"}
DEADLINE_SECONDS = 1200
WORKING = {
    "data": "data.read_source",
    "train": "dgn on arriving, seed 0: training starts",
    "compare": "comparison.gather_cells",
    "promotion": "promotion.gather_evidence",
    "push": "",
    "publish": "",
}
"""What the log says in the midst of a stage."""
QUICK = """
import sys
from whichgen.cli import cli
try:
    cli()
finally:
    print({"torch", "mlflow", "dvc"} & set(sys.modules))
"""


def wait_for(what, true):
    end = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def retrain(project, code=0):
    """Run the command; the record, which agrees with the line on standard output."""
    before = records(project.folder)
    if before:  # a record is named after its second
        wait_for(
            "the next second",
            lambda: f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}" > before[-1].stem,
        )
    done = project.run(*COMMAND, ok=False, **TRACKED)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    [written] = [path for path in records(project.folder) if path not in before]
    record = json.loads(written.read_text())
    assert done.stdout == record["summary"] + "\n"
    return record


def said(project, record):
    """What the run's commands said."""
    log = retraining_folder(project.folder, NAME) / f"{record['started']}.log"
    return log.read_text() if log.exists() else ""


def state(project):
    return load_state(retraining_folder(project.folder, NAME))


def versions(project):
    """Version → alias of the registered model, as MLflow's database has them."""
    with sqlite3.connect(project.path("mlflow.db")) as database:
        numbers = database.execute("SELECT version FROM model_versions").fetchall()
        aliases = database.execute("SELECT version, alias FROM registered_model_aliases").fetchall()
    found = {str(number): set() for (number,) in numbers}
    for version, alias in aliases:
        found[str(version)].add(alias)
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def mlflow_server(project, address):
    """A tracking server over the project's database."""
    port = address.rpartition(":")[2]
    server = project.start(  # into a file: nobody reads a pipe, and a full one would stop it
        "sh", "-c", 'exec "$0" "$@" > server.log 2>&1', "mlflow", "server", "--backend-store-uri", f"sqlite:///{project.path('mlflow.db')}",
        "--artifacts-destination", str(project.path("mlartifacts")), "--host", "127.0.0.1",
        "--port", port, "--workers", "1", MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
    )  # fmt: skip

    def answers():
        assert server.poll() is None
        try:
            return urlopen(f"{address}/health", timeout=2).status == 200
        except OSError:
            return False

    try:
        wait_for("the server", answers)
        yield
    finally:
        for process in psutil.Process(server.pid).children(recursive=True):
            process.terminate()
        server.terminate()
        server.communicate()


def kill_at(project, stage):
    """Start the command and kill it in the midst of that stage; when the retraining began."""
    started = project.start(*COMMAND, **TRACKED)
    folder = retraining_folder(project.folder, NAME)

    def at_work():
        assert started.poll() is None, started.communicate()
        if not (unfinished := state(project).unfinished) or unfinished.stage != stage:
            return False
        return any(WORKING[stage] in path.read_text() for path in folder.glob("*.log"))

    wait_for(stage, at_work)
    children = psutil.Process(started.pid).children(recursive=True)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    # DVC takes a process that has ended for one at work until init has noted its end.
    wait_for(
        "the end of what it started", lambda: not any(psutil.pid_exists(c.pid) for c in children)
    )
    assert state(project).unfinished.stage == stage
    return state(project).unfinished.began


@dataclass
class Story:
    """A first retraining that was killed at every stage and met no server at first.

    Attributes:
        began: as the state said after each kill. away: the records of runs without a server.
        back: the record of the run that came to the end.
    """

    project: Project
    began: list[str]
    away: list[dict]
    back: dict


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The story of one first day, because every training takes its time."""
    project = Project(make_project(tmp_path_factory.mktemp("retraining"), seeds=1))
    address = f"http://127.0.0.1:{free_port()}"
    project.path("conf/local").mkdir(exist_ok=True)
    project.path("conf/local/mlflow.yml").write_text(f"tracking_uri: {address}\n")
    project.run("dvc", "remote", "add", "-q", "-d", "store", str(project.path("store")))
    arrive(project.path("incoming"), DAYS[0].folders)
    began = [kill_at(project, stage) for stage in ("data", "train", "compare")]
    away = [retrain(project, code=1)]
    arrive(project.path("incoming"), DAYS[1].folders)  # they are to wait
    away.append(retrain(project, code=1))
    with mlflow_server(project, address):
        began += [kill_at(project, stage) for stage in ("promotion", "push", "publish")]
        yield Story(project, began, away, retrain(project))


@pytest.fixture
def project(story):
    """The same project, at rest, with the first day's images to fetch."""
    arrive(story.project.path("incoming"), DAYS[0].folders)
    return story.project


def test_without_a_server_the_training_is_done_and_the_promotion_waits(story):
    for record in story.away:
        assert (record["decision"], record["stage"]) == ("failed", "promotion")
        assert "MLflow" in record["reasons"][0]
    for record in (story.away[1], story.back):
        assert "Running stage" not in said(story.project, record)


def test_killed_at_every_stage_it_goes_on_to_its_end_once(story):
    assert len(set(story.began)) == 1
    assert [record["began"] for record in (*story.away, story.back)] == story.began[:3]
    assert wrong(DAYS[0], 0, story.back) == []
    assert versions(story.project) == {"1": {"champion", "challenger"}}
    assert state(story.project).unfinished is None
    assert state(story.project).known is None


def test_a_training_that_was_killed_ended_in_the_same_bytes(project):
    weights = project.path(f"data/06_models/{NAME}/dgn/0/generator.safetensors")
    killed = weights.read_bytes()
    project.run("dvc", "repro", "-q", "--force", "--single-item", f"dgn@{NAME}-dgn-0")
    assert weights.read_bytes() == killed


def test_the_same_files_again_are_nothing_to_do_at_once(project):
    before = set(project.folder.rglob("*.safetensors"))
    done = project.run(sys.executable, "-c", QUICK, *COMMAND[1:])
    assert f"{NAME}: nothing to do: neither the raw data nor" in done.stdout
    assert done.stdout.endswith("set()\n")  # none of what takes seconds to import
    assert set(project.folder.rglob("*.safetensors")) == before


@pytest.mark.parametrize("day", [DAYS[3], DAYS[4]], ids=["empty", "poisoned"])
def test_bad_data_are_refused_again_and_again_and_left_to_be_looked_at(project, day):
    before, trained = versions(project), state(project)
    arrive(project.path("incoming"), day.folders)
    for _ in range(2):
        record = retrain(project, code=1)
        assert wrong(day, 1, record) == []
        assert "Running stage" not in said(project, record)
    assert {path.name for path in project.path(f"data/01_raw/{NAME}").iterdir()} == set(day.folders)
    assert versions(project) == before
    assert state(project) == trained
    arrive(project.path("incoming"), DAYS[0].folders)
    assert retrain(project)["decision"] == "nothing_to_do"


def test_a_second_one_refuses_and_names_the_first(project):
    lock = retraining_folder(project.folder, NAME) / LOCK
    with only_process(lock, "the first"):
        done = project.run(*COMMAND, ok=False)
        assert done.returncode == 75
        assert done.stdout == ""
        assert lock.read_text().rstrip(",") in done.stderr
    assert retrain(project)["decision"] == "nothing_to_do"


def test_a_dataset_outside_the_grid_is_a_usage_error(project):
    done = project.run("whichgen", "retrain", "--dataset", "digits", ok=False)
    assert done.returncode == 2
    assert "'digits' is not in the grid; add it to sweep.datasets" in done.stderr


def test_a_failing_fetch_and_a_dry_run(project):
    edit(
        project.path("conf/base/parameters_retraining.yml"),
        r"fetch: .*",
        f"fetch: {{{NAME}: 'echo no route >&2; exit 7'}}",
    )
    try:
        record = retrain(project, code=1)
        assert (record["decision"], record["stage"]) == ("failed", "fetch")
        assert "no route" in record["summary"]
    finally:
        edit(
            project.path("conf/base/parameters_retraining.yml"),
            r"fetch: .*",
            f"fetch: {{{NAME}: {FETCH}}}",
        )
    count = len(records(project.folder))
    done = project.run(*COMMAND, "--dry-run")
    assert done.stdout.startswith(f"{NAME}: nothing to do: neither")
    assert len(records(project.folder)) == count


def test_data_that_change_while_they_are_packed_are_not_trained_on(project):
    arrive(project.path("incoming"), DAYS[1].folders)
    folder = retraining_folder(project.folder, NAME)
    before = set(folder.glob("*.log"))
    started = project.start(*COMMAND, **TRACKED)

    def packing():
        assert started.poll() is None, started.communicate()
        logs = set(folder.glob("*.log")) - before
        return any("Running stage 'data@" in path.read_text() for path in logs)

    wait_for("the packing", packing)
    added = project.path(f"data/01_raw/{NAME}/0/unseen.png")
    added.write_bytes(project.path(f"data/01_raw/{NAME}/0/000.png").read_bytes())
    output, _ = started.communicate()
    assert started.returncode == 1
    assert output.startswith(
        f"{NAME}: failed at data, the champion stays: data/01_raw/{NAME}: changed"
    )
    assert state(project).unfinished.stage == "data"
    assert state(project).known.images <= 360  # of the first day, not what is packed now


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_a_worse_challenger_and_a_remote_that_is_away(project, tmp_path):
    """All on the second day, because every training takes its time."""
    arrive(project.path("incoming"), DAYS[1].folders)
    project.path(f"data/05_model_input/{NAME}/train.part").symlink_to("/dev/full")
    record = retrain(project, code=1)
    assert (record["decision"], record["stage"]) == ("failed", "data")
    assert "the disk is full: make room" in record["summary"]

    store = tmp_path / "store"
    store.write_text("in the way")
    project.run("dvc", "remote", "modify", "-q", "store", "url", str(store))
    record = retrain(project)
    assert wrong(DAYS[1], 0, record) == []
    assert record["drift"]["drifted"] is False
    assert [warning.split(":")[0] for warning in record["warnings"]] == ["push"]
    assert "to be tried again: push" in record["summary"]
    assert versions(project) == {"1": {"champion"}, "2": {"challenger"}}

    store.unlink()
    record = retrain(project)
    assert (record["decision"], record["warnings"]) == ("nothing_to_do", [])
    weights = project.path(f"data/06_models/{NAME}/dgn/0/generator.safetensors")
    content = weights.read_bytes()
    shutil.rmtree(project.path(".dvc/cache"))
    weights.unlink()
    project.run("dvc", "pull", "-q", f"dgn@{NAME}-dgn-0")
    assert weights.read_bytes() == content
