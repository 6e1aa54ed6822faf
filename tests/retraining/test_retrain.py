"""The real command in a project of its own: outages, kills, bad data, a full disk."""

import json
import shutil
import signal
import socket
import sqlite3
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from benchmarks.retraining_week import FETCH, NAME, arrive, edit, make_project, records, week, wrong
from tests.conftest import Project, gone
from whichgen.retraining.run import LOCK, retraining_folder
from whichgen.retraining.state import load_state
from whichgen.training.process import only_process

pytestmark = pytest.mark.slow
DAYS = week()
COMMAND = ("whichgen", "retrain", "--dataset", NAME)
DEADLINE_SECONDS = 300
GENERATORS = [
    f"data/06_models/{NAME}/{recipe}/0/generator.safetensors" for recipe in ("gan", "dgn")
]
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


def retrain(project, code=0, **environment):
    """Run the command; the record, which agrees with the line on standard output."""
    before = records(project.folder)
    if before:  # a record is named after its second
        wait_for(
            "the next second",
            lambda: f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}" > before[-1].stem,
        )
    done = project.run(*COMMAND, ok=False, **environment)
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
    server = project.start(
        "mlflow", "server", "--backend-store-uri", f"sqlite:///{project.path('mlflow.db')}",
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


@pytest.fixture(scope="module")
def outage(tmp_path_factory):
    """A project whose first retraining met no server, met none again, and then met one."""
    project = Project(make_project(tmp_path_factory.mktemp("outage"), seeds=1))
    address = f"http://127.0.0.1:{free_port()}"
    project.path("conf/local").mkdir(exist_ok=True)
    project.path("conf/local/mlflow.yml").write_text(f"tracking_uri: {address}\n")
    arrive(project.path("incoming"), DAYS[0].folders)
    away = [retrain(project, code=1, WHICHGEN_TRACKING="best_effort")]
    trained = [project.path(name).stat().st_mtime_ns for name in GENERATORS]
    arrive(project.path("incoming"), DAYS[1].folders)  # they are to wait
    away.append(retrain(project, code=1, WHICHGEN_TRACKING="best_effort"))
    with mlflow_server(project, address):
        back = retrain(project, WHICHGEN_TRACKING="best_effort")
    assert [project.path(name).stat().st_mtime_ns for name in GENERATORS] == trained
    return project, away, back


@pytest.fixture
def project(outage):
    """The same project with its database beside it, at rest on its first day."""
    project = outage[0]
    project.path("conf/local/mlflow.yml").unlink(missing_ok=True)
    arrive(project.path("incoming"), DAYS[0].folders)
    return project


def test_without_a_server_the_training_is_done_and_the_promotion_waits(outage):
    project, away, back = outage
    for record in away:
        assert (record["decision"], record["stage"]) == ("failed", "promotion")
        assert "MLflow" in record["reasons"][0]
    assert "Running stage" not in said(project, away[1])
    assert wrong(DAYS[0], 0, back) == []
    assert back["began"] == away[0]["started"]
    assert versions(project) == {"1": {"champion", "challenger"}} or versions(project) == {
        "1": {"champion"}
    }
    assert state(project).unfinished is None


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
    project.run("dvc", "remote", "add", "-q", "-d", "store", str(store))
    champion = versions(project)
    record = retrain(project)
    assert wrong(DAYS[1], 0, record) == []
    assert record["drift"]["drifted"] is False
    assert [warning.split(":")[0] for warning in record["warnings"]] == ["push"]
    assert "to be tried again: push" in record["summary"]
    assert versions(project)["1"] >= {"champion"}
    assert set(versions(project)) == {*champion, "2"}

    store.unlink()
    record = retrain(project)
    assert (record["decision"], record["warnings"]) == ("nothing_to_do", [])
    shutil.rmtree(project.path(".dvc/cache"))
    content = project.path(GENERATORS[1]).read_bytes()
    project.path(GENERATORS[1]).unlink()
    project.run("dvc", "pull", "-q", GENERATORS[1])
    assert project.path(GENERATORS[1]).read_bytes() == content


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_killed_at_every_stage_it_goes_on_to_the_same_end(outage, tmp_path):
    project = Project(make_project(tmp_path / "killed", seeds=1))
    project.run("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    arrive(project.path("incoming"), DAYS[0].folders)
    began = None
    for stage in ("data", "train", "compare", "promotion", "push", "publish"):
        kill_at(project, stage)
        assert state(project).unfinished.stage == stage
        began = began or state(project).unfinished.began
        assert state(project).unfinished.began == began
    assert records(project.folder) == []
    record = retrain(project, WHICHGEN_TRACKING="best_effort")
    assert wrong(DAYS[0], 0, record) == []
    assert record["began"] == began
    assert set(versions(project)) == {"1"}
    for name in GENERATORS:
        assert project.path(name).read_bytes() == outage_bytes(outage, name)


def outage_bytes(outage, name):
    return outage[0].path(name).read_bytes()


def kill_at(project, stage):
    """Start the command and kill it as soon as it is at that stage, in the midst of its work."""
    started = project.start(*COMMAND, WHICHGEN_TRACKING="best_effort")
    log = retraining_folder(project.folder, NAME)

    def at_work():
        assert started.poll() is None, started.communicate()
        unfinished = state(project).unfinished
        if unfinished is None or unfinished.stage != stage:
            return False
        return stage in ("push", "publish") or any(
            WORKING[stage] in path.read_text() for path in log.glob("*.log")
        )

    wait_for(stage, at_work)
    children = psutil.Process(started.pid).children(recursive=True)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    wait_for("the end of what it started", lambda: all(gone(child.pid) for child in children))


WORKING = {
    "data": "data.read_source",
    "train": "dgn on arriving, seed 0: training starts",
    "compare": "comparison.gather_cells",
    "promotion": "promotion.gather_evidence",
}
"""What the log says in the midst of a stage."""
