"""Which spaces are refused, and that an interrupted study is the unbroken one."""

import json
import os
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing, suppress

import pandas as pd
import pytest
import yaml

from benchmarks.cells import ROOT
from benchmarks.tune import page, summary
from benchmarks.tuning_plan import NAME, Choices, Range, read_tuning, shipped_values
from benchmarks.tuning_study import Outcome, TrialStudy
from tests.conftest import BIN, Project
from whichgen.errors import WhichgenError

SPACE = {
    "training.rate": Range(low=1e-4, high=1e-1, log=True),
    "training.batch": Choices(choices=[16, 32]),
    "training.betas": Choices(choices=[[0.0, 0.99], [0.5, 0.9]]),
    "generator.latent": Range(low=2, high=64),
}
FIRST = {
    "training.rate": 0.002,
    "training.batch": 32,
    "training.betas": [0.0, 0.99],
    "generator.latent": 64,
}
TRIALS = 10


@pytest.fixture
def project(tmp_path):
    """A folder with this project's configuration, in which the plan can be changed."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    return tmp_path


def refusal(project, change):
    plan = yaml.safe_load((ROOT / NAME).read_text())
    change(plan)
    (project / NAME).write_text(yaml.safe_dump(plan))
    with pytest.raises(WhichgenError) as error:
        read_tuning(project)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_published_plan_is_valid_and_gives_both_families_as_many_keys():
    tuning, parameters = read_tuning()
    families = {
        parameters.recipes[name].family: len(space) for name, space in tuning.spaces.items()
    }
    assert families == {"gan": 5, "dgn": 5}
    assert shipped_values(tuning, "gan", parameters)["objective.gamma"] == 20.0


@pytest.mark.parametrize("key", ["training.btach", "objective.gama", "latent", "objective.name.x"])
def test_a_key_that_the_recipe_does_not_have_is_named(project, key):
    message = refusal(
        project, lambda plan: plan["spaces"]["gan"].update({key: {"low": 1, "high": 2}})
    )
    assert message.startswith(f"{NAME}: spaces.gan: ")
    assert f"'{key}'" in message


@pytest.mark.parametrize(
    ("recipe", "key", "values", "named"),
    [
        ("gan", "training.batch", {"choices": [32, -1]}, "greater than 0, got -1"),
        ("dgn", "training.generated_per_type", {"low": 1, "high": 20}, "got 1 "),
        ("gan", "training.batch", {"choices": [64, 128]}, "own value, 32"),
        ("gan", "training.rate", {"low": 1e-2, "high": 1e-1}, "own value, 0.002"),
        ("gan", "training.rate", {"low": 0.0, "high": 1e-1, "log": True}, "low must be"),
        ("gan", "training.rate", {"low": 0.0, "hihg": 1e-1}, "spaces.gan.training.rate"),
        ("gna", "training.rate", {"low": 0.0, "high": 1e-1}, "spaces.gna: no recipe of this name"),
    ],
)
def test_a_value_that_cannot_be_tried_is_named(project, recipe, key, values, named):
    message = refusal(
        project, lambda plan: plan["spaces"].setdefault(recipe, {}).update({key: values})
    )
    assert message.startswith(NAME)
    assert recipe in message
    assert named in message


def test_a_dataset_without_a_budget_is_named(project):
    message = refusal(project, lambda plan: plan.update(dataset="my_images"))
    assert message == f"{NAME}: budgets: none for the dataset 'my_images'; add one"


class Trainings:
    """Cheap trainings in the place of real ones, killed where it is said; notes what was asked."""

    def __init__(self, killed=()):
        self.asked, self._killed = [], list(killed)

    def __call__(self, values):
        self.asked.append(values)
        if self._killed and len(self.asked) == self._killed[0]:
            del self._killed[0]
            raise KeyboardInterrupt
        if values["training.batch"] == 16 and values["generator.latent"] > 40:
            return Outcome(float("inf"), None, 3)
        return Outcome(abs(values["training.rate"] - 0.01) * values["generator.latent"], 0.9, 10)


def table_of(path, train, trials=TRIALS):
    """The table after as many calls as it takes."""
    while True:
        study = TrialStudy(path, "a", SPACE, FIRST, seed=0)
        try:
            assert list(study.run(trials, train))[-1:] in ([trials], [])
        except KeyboardInterrupt:
            continue
        return study.table(trials)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    train = Trainings()
    return table_of(tmp_path_factory.mktemp("unbroken") / "study.db", train), train.asked


def test_the_first_trial_is_the_shipped_one_and_the_values_are_within_their_space(unbroken):
    table, asked = unbroken
    assert asked[0] == FIRST
    assert len(asked) == len(table) == TRIALS
    assert all(SPACE[key].holds(value) for values in asked for key, value in values.items())
    assert len({str(values) for values in asked}) == TRIALS
    assert {type(values["generator.latent"]) for values in asked} == {int}


def test_a_failed_training_is_a_trial_and_never_the_best(unbroken):
    table, _ = unbroken
    failed = table["state"] == "failed"
    assert 0 < failed.sum() < TRIALS
    assert list(table["validation_fd"].isna()) == list(failed)
    best = summary(table, list(SPACE))
    assert best["failed"] == failed.sum()
    assert best["validation_fd"] == table["validation_fd"].min()
    assert best["values"]["training.rate"] == table["training.rate"][best["trial"] - 1]


@pytest.mark.parametrize("killed", [[1], [2, 3, 6, 12]])
def test_a_killed_study_ends_as_the_unbroken_one(unbroken, tmp_path, killed):
    train = Trainings(killed)
    assert table_of(tmp_path / "study.db", train).equals(unbroken[0])
    assert len(train.asked) == TRIALS + len(killed)
    for number in killed:  # what was being trained comes again
        assert train.asked[number] == train.asked[number - 1]


def test_more_trials_go_on_from_those_that_are_there(unbroken, tmp_path):
    train = Trainings()
    fewer = table_of(tmp_path / "study.db", train, 7)
    assert fewer.equals(unbroken[0].head(7))
    assert table_of(tmp_path / "study.db", train).equals(unbroken[0])
    assert len(train.asked) == TRIALS


def test_another_seed_proposes_others_and_another_identity_begins_anew(unbroken, tmp_path):
    path, train = tmp_path / "study.db", Trainings()
    assert list(TrialStudy(path, "a", SPACE, FIRST, seed=1).run(4, train)) == [1, 2, 3, 4]
    assert train.asked[0] == FIRST
    assert train.asked[1] != unbroken[1][1]
    assert TrialStudy(path, "b", SPACE, FIRST, seed=1).finished() == []


def test_the_page_ranks_the_trials_and_its_values_can_be_written_into_the_recipe(unbroken):
    table, _ = unbroken
    best = summary(table, list(SPACE))
    text = page(table, best, ROOT / "conf/base/parameters/recipes/gan/gan.yml")
    rows = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == TRIALS
    assert rows[0].startswith(f"| {best['trial']} |")
    assert "failed" in rows[-1]
    written = yaml.safe_load(text.split("gan.yml:\n")[1])["recipes"]["gan"]
    assert written["training"]["rate"] == best["values"]["training.rate"]
    assert written["generator"]["latent"] == best["values"]["generator.latent"]


@pytest.fixture
def repository(trained_project, tmp_path):
    """A repository with data and judge, as DVC knows them, and a small plan."""
    shutil.copytree(trained_project.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    plan = yaml.safe_load((ROOT / NAME).read_text())
    plan |= {"budgets": {"digits": 2e10}, "seeds": [900]}
    project.path(NAME).write_text(yaml.safe_dump(plan))
    for command in (
        ("git", "init", "-q"),
        ("git", "config", "user.email", "test@example.org"),
        ("git", "config", "user.name", "test"),
        ("dvc", "commit", "-q", "-f", "data@digits", "extractor@digits"),
        ("git", "add", "-A"),
        ("git", "commit", "-qm", "start"),
    ):
        project.run(*command)
    return project


def trials_begun(project):
    file = project.path("benchmarks/results/tuning/digits/gan.db")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as study:
            return study.execute("SELECT COUNT(*) FROM trials").fetchone()[0]
    except sqlite3.OperationalError:  # not there, or just being made
        return 0


def kill_group(process):
    """Kill make, DVC and the training, and wait until their ends are noted: DVC asks for its id."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    end = time.monotonic() + 30
    with suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.killpg(process.pid, 0)
            time.sleep(0.05)


@pytest.mark.slow
def test_make_tune_goes_on_after_a_kill_with_equally_many_trials_for_each_family(repository):
    stamp = BIN.parent / ".whichgen-installed"  # the environment is there already
    command = ("make", "tune", "TRIALS=2", f"VENV={BIN.parent}", f"--old-file={stamp}")
    process = repository.start(*command)
    while trials_begun(repository) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    kill_group(process)

    done = repository.run(*command)
    assert "gan on digits: 1 of 2 trials are there" in done.stdout
    for family in ("gan", "dgn"):
        folder = repository.path(f"benchmarks/tuning/digits/{family}")
        table = pd.read_csv(folder / "trials.csv")
        assert list(table["trial"]) == [1, 2]
        assert list(table["state"]) == ["ok", "ok"]
        best = json.loads((folder / "best.json").read_text())
        assert best["validation_fd"] == table["validation_fd"].min() > 0
        assert f"Best: trial {best['trial']}." in done.stdout
        assert not repository.path(f"data/06_models/digits/{family}/900").exists()
    assert yaml.safe_load(repository.path(NAME).read_text())["trials"] == 2
    again = repository.run("dvc", "repro", "benchmarks/dvc.yaml").stdout
    assert "Running stage" not in again
    experiments = repository.run("dvc", "exp", "show", "--csv").stdout
    assert f"{best['validation_fd']:.4f}"[:5] in experiments
