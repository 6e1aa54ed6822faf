"""Real sweeps by submitit's local executor: a failure, a kill, Ctrl-C, and the same bytes."""

import os
import re
import shutil
import signal
import time

import pytest

from tests.conftest import Project
from whichgen.sweep.job import held

pytestmark = pytest.mark.slow
DEADLINE_SECONDS = 120
DATASET = "conf/base/parameters/datasets/digits.yml"
RECIPE = "conf/base/parameters/recipes/gan/{}.yml"
SAME_EVERY_TIME = (
    "data/06_models/digits/gan/{}/generator.safetensors",
    "data/06_models/digits/gan/{}/cell.json",
    "data/06_models/digits/gan/{}/history.csv",
    "data/07_model_output/digits/gan/{}/samples.safetensors",
    "data/08_reporting/digits/cells/gan/{}/scores.json",
)


def wait_for(what, true):
    end = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def edit(project, name, pattern, replacement):
    text = project.path(name).read_text()
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    project.path(name).write_text(changed)


@pytest.fixture
def project(trained_project, tmp_path):
    """A project with data, judge and the finished cells of seed 0, to be changed at will."""
    shutil.copytree(trained_project.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    edit(project, DATASET, r"budget: .*", "budget: 2.0e+10")
    return project


def results(project, seed):
    return {name: project.path(name.format(seed)).read_bytes() for name in SAME_EVERY_TIME}


def trained_alone(project, seed):
    """The results of the same cell by a command in the project itself."""
    project.run(
        "kedro", "run", "--pipelines=gan,evaluation", "--to-outputs=gan_scores,gan_grid",
        "--params", f"seed={seed}",
    )  # fmt: skip
    return results(project, seed)


def test_what_fails_is_named_all_others_are_collected_and_finished_cells_left_alone(project):
    recipe = project.path(RECIPE.format("gan")).read_text()
    broken = recipe.replace("\n  gan:\n", "\n  broken:\n").replace("relativistic_r1_r2", "none")
    project.path(RECIPE.format("broken")).write_text(broken)
    before = results(project, 0)
    times = [project.path(name.format(0)).stat().st_mtime_ns for name in before]
    chosen = ("--recipe", "gan", "--recipe", "broken", "--seed", "0", "--seed", "1")
    planned = project.run("whichgen", "sweep", *chosen, "--dry-run").stdout.splitlines()
    assert [line.rpartition(": ")[2] for line in planned] == ["done", *["to train"] * 3]

    done = project.run("whichgen", "sweep", *chosen, "--jobs", "2", ok=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    log = project.path("sweep/digits/broken/1/log.txt")
    assert "objective.name: 'none' is not one of" in log.read_text()
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: 2 of 3 cells failed: broken on digits, seed 0 (")
    assert f"broken on digits, seed 1 ({log})" in last
    assert "4 cells: 1 done before, 3 to train" in done.stdout
    assert re.search(r"FAILED: Error: objective.name: 'none' is not one of", done.stdout)
    assert not project.path("sweep/digits/gan/1").exists()
    assert [project.path(name.format(0)).stat().st_mtime_ns for name in before] == times

    collected = results(project, 1)
    again = project.run("whichgen", "sweep", "--recipe", "gan", "--seed", "0", "--seed", "1")
    assert "2 cells: 2 done before, 0 to train" in again.stdout
    assert collected == trained_alone(project, 1)


def test_killed_or_stopped_it_leaves_no_job_behind_and_goes_on(project):
    edit(project, DATASET, r"budget: .*", "budget: 1.0e+11")
    edit(project, "conf/base/parameters.yml", r"every_seconds: \d+", "every_seconds: 0.2")
    command = ("whichgen", "sweep", "--recipe", "gan", "--seed", "5")
    folder = project.path("sweep/digits/gan/5")
    checkpoints = folder / "data/06_models/digits/gan/5/checkpoints"

    def newest():
        return max((int(path.name[5:15]) for path in checkpoints.glob("*/step_*")), default=0)

    for number, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        before, sweep = newest(), project.start(*command)
        wait_for("a checkpoint", lambda step=before: newest() > step)
        if number == signal.SIGINT:  # a terminal sends it to every process of the group
            os.killpg(sweep.pid, number)
        else:
            sweep.kill()
        output, errors = sweep.communicate()
        assert sweep.returncode == code
        assert "Traceback" not in errors
        if code > 0:
            assert "stopped; the same command goes on from there" in output
            assert not held(folder / "lock")
            log = (folder / "log.txt").read_text()
            assert "training goes on at step" in log
            assert "stopped by SIGTERM after" in log
        else:
            wait_for("the job's end", lambda: not held(folder / "lock"))
    project.run(*command)
    assert not folder.exists()
    assert results(project, 5) == trained_alone(project, 5)
