"""Real commands, killed while they train: the same command goes on and ends in the same bytes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT, Project, gone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
BUDGET = "1e11"
SEED = 5
DEADLINE_SECONDS = 120
SAME_EVERY_TIME = ("generator.safetensors", "cell.json", "history.csv")


def wait_for(what, true):
    end = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


class Cell:
    """The files of one cell of a project."""

    def __init__(self, project, family):
        self.folder = project.path(f"data/06_models/digits/{family}/{SEED}")
        self.checkpoints = self.folder / "checkpoints"

    def status(self):
        return json.loads((self.folder / "live/status.json").read_text())

    def trains(self):
        return (self.folder / "live/status.json").exists() and self.status()["state"] == "training"

    def last_step(self):
        steps = [int(path.name[5:15]) for path in self.checkpoints.glob("*/step_*")]
        return max(steps, default=0)

    def history(self):
        lines = (self.folder / "live/history.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def results(self):
        return {name: (self.folder / name).read_bytes() for name in SAME_EVERY_TIME}


@pytest.fixture
def project(trained_project, tmp_path):
    """A project with data, judge and cells of seed 0, to be changed at will."""
    shutil.copytree(trained_project.folder, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture(scope="module")
def uninterrupted(trained_project):
    """The results of one whole command, by family."""
    results = {}

    def train(family):
        if family not in results:
            cell = Cell(trained_project, family)
            trained_project.run(*command(family))
            assert not cell.checkpoints.exists()
            results[family] = cell.results()
            shutil.rmtree(cell.folder)
        return results[family]

    return train


def command(family, budget=BUDGET, more=""):
    parameters = f"seed={SEED},budget={budget},checkpoints.every_seconds=0.2{more}"
    return "kedro", "run", f"--pipelines={family}", "--params", parameters


def interrupted(project, family, number, **extra):
    """Start the command, send the signal when it has saved anew; its exit code and errors."""
    cell = Cell(project, family)
    before = cell.last_step()
    process = project.start(*command(family), **extra)
    wait_for("a new checkpoint", lambda: cell.last_step() > before or process.poll() is not None)
    if number == signal.SIGINT:  # a terminal sends it to every process of the group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    errors = process.communicate()[1]
    return process.returncode, errors


def test_twenty_kills_of_each_family_some_in_a_save_change_no_byte():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/kills.py", "--kills", "20"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[2:]] == ["gan", "dgn"]
    for _, *counts, end in rows[2:]:
        kills, in_a_save, terms, ctrl_cs, saved_first, trainings = map(int, counts)
        assert (kills, terms, ctrl_cs, end) == (20, 4, 4, "the same")
        assert in_a_save >= 3
        assert saved_first >= 1
        assert trainings >= 1


def test_a_dgn_command_stopped_by_every_signal(project, uninterrupted):
    wanted, cell = uninterrupted("dgn"), Cell(project, "dgn")
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -9), (signal.SIGINT, 130)):
        returned, errors = interrupted(project, "dgn", number)
        assert returned == code, errors
        assert "Traceback" not in errors
        assert not (cell.folder / "cell.json").exists()
        if code > 0:
            assert re.search(
                rf"dgn on digits, seed 5: stopped by {number.name} after \d+ steps, saved in "
                r"\S+; the same command goes on from there\n$",
                errors,
            )
            assert cell.status()["state"] == "stopped"
    done = project.run(*command("dgn"))
    assert "training goes on at step" in done.stderr
    assert "encoder: " not in done.stderr
    assert cell.results() == wanted
    assert not cell.checkpoints.exists()


def test_a_killed_gan_command_stays_one_run_in_mlflow(project, uninterrupted):
    from mlflow import MlflowClient

    wanted, cell = uninterrupted("gan"), Cell(project, "gan")
    code, _ = interrupted(project, "gan", signal.SIGKILL, WHICHGEN_TRACKING="best_effort")
    assert code == -9
    project.run(*command("gan"), WHICHGEN_TRACKING="best_effort")
    assert cell.results() == wanted
    project.run("whichgen", "sync", WHICHGEN_TRACKING="best_effort")
    client = MlflowClient(f"sqlite:///{project.path('mlflow.db')}")
    [experiment] = client.search_experiments(filter_string="name = 'whichgen'")
    runs = client.search_runs([experiment.experiment_id], "tags.`whichgen.cell` = 'digits/gan/5'")
    assert [run.info.status for run in runs] == ["FINISHED"]
    points = client.get_metric_history(runs[0].info.run_id, "by_step/validation_fd")
    looks = [row for row in cell.history() if "validation_fd" in row]
    assert [(p.step, p.value) for p in points] == [(r["step"], r["validation_fd"]) for r in looks]


def test_a_second_command_is_refused_and_a_changed_recipe_begins_anew(project):
    cell = Cell(project, "gan")
    first = project.start(*command("gan", budget="1e14"))
    wait_for("the training", cell.trains)
    done = project.run(*command("gan"), ok=False)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"Error: gan on digits, seed 5: process {first.pid}, started [\d-]+ [\d:]+, is training "
        "it; wait for it, or end it",
        done.stderr.strip().splitlines()[-1],
    )
    assert "Traceback" not in done.stderr
    first.terminate()
    first.communicate()
    assert first.returncode == 143
    done = project.run(*command("gan", more=",recipes.gan.training.rate=1.5e-3"))
    assert re.search(
        r"\(budget_flops: 1\S+, now 1\S+; training\.rate: [\d.]+, now 0\.0015\), not continued",
        done.stderr,
    )
    assert "training starts, " in done.stderr
    record = json.loads((cell.folder / "cell.json").read_text())
    assert record["configuration"]["training"]["rate"] == 1.5e-3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_dvc_leaves_no_orphan_and_goes_on(project, uninterrupted):
    wanted, cell = uninterrupted("gan"), Cell(project, "gan")
    dataset = project.path("conf/base/parameters/datasets/digits.yml")
    dataset.write_text(re.sub(r"budget: .*", f"budget: {BUDGET}", dataset.read_text()))
    project.run("git", "init", "-q")
    repro = ("dvc", "repro", "--single-item", f"gan@digits-gan-{SEED}")
    killed = project.start(*repro, SHELL="/bin/sh")
    wait_for("the training", lambda: cell.trains() and cell.history())
    trainer = cell.status()["pid"]
    assert trainer != killed.pid
    killed.kill()
    wait_for("the trainer's end", lambda: gone(trainer))
    killed.communicate()
    assert cell.status()["state"] == "stopped"
    step = cell.last_step()
    assert step > 0
    assert f"training goes on at step {step} of " in project.run(*repro).stderr
    assert cell.results() == wanted
