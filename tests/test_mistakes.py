"""Wrong turns: each ends in one line with the way out, and changes nothing."""

import numpy as np
import pytest
from click.testing import CliRunner

from tests.datasets.forms import write_folder
from whichgen.cli import COMMANDS, cli

ANYWHERE = [
    ["data", "add", "images", "--name", "x"],
    ["data", "list"],
    ["data", "show", "x"],
    ["data", "diff", "x"],
    ["notify"],
    ["recipes"],
    ["report", "open"],
    ["reproduce", "HEAD"],
    ["results"],
    ["retrain"],
    ["rollback", "--dataset", "digits"],
    ["sample", "--recipe", "dgn", "--out", "x.png"],
    ["sweep"],
    ["sync"],
    ["verify"],
]
OF_A_DATASET = [
    ["report", "open"],
    ["results"],
    ["retrain"],
    ["sample", "--recipe", "dgn", "--out", "x.png"],
    ["sync"],
    ["verify"],
]


def refused(arguments):
    """What the command says, which must be a mistake of its user's."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code in (1, 2), done.output
    assert isinstance(done.exception, SystemExit)
    return done.output


@pytest.mark.parametrize("arguments", ANYWHERE, ids=" ".join)
def test_outside_a_project_a_command_says_so_and_leaves_nothing(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = refused(arguments).splitlines()[-1]
    assert said == "Error: conf/base: not here; run this in the project's folder"
    assert not list(tmp_path.iterdir())


def test_every_command_was_tried():
    assert {arguments[0] for arguments in ANYWHERE} == set(COMMANDS)


@pytest.mark.parametrize("arguments", OF_A_DATASET, ids=" ".join)
def test_a_misspelt_dataset_is_named_with_those_that_there_are(arguments):
    said = refused([*arguments, "--dataset", "digitz"])
    assert "--dataset: 'digitz' is not one of digits, digits_unlabelled, fashion_mnist" in said


def test_a_misspelt_pipeline_is_named_with_those_that_there_are(fresh_project):
    done = fresh_project.run("kedro", "run", "--pipelines=dng", ok=False)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: --pipelines: 'dng' is not one of comparison, data, dgn, evaluation, extractor, "
        "gan, overview, promotion\n"
    )


def test_a_recipe_of_the_other_family_is_refused_before_anything_is_made(fresh_project):
    def files():
        return {path for path in fresh_project.path("data").rglob("*") if path.is_file()}

    before = files()
    chosen = ("--pipelines=dgn", "--params", "recipe=gan")
    done = fresh_project.run("kedro", "run", *chosen, ok=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: recipe: 'gan' is of the family gan; run: kedro run --pipelines=gan --params "
        "recipe=gan"
    )
    assert "Traceback" not in done.stderr
    assert files() == before


def test_a_run_that_fails_ends_with_its_reason_and_no_other_advice(fresh_project):
    chosen = "dataset=digits,promotion.mode=dry_run"
    done = fresh_project.run("kedro", "run", "--pipelines=promotion", "--params", chosen, ok=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: data/08_reporting/digits/comparison: no verdict to promote by; run dvc repro, or "
        "kedro run --params dataset=digits, then this again"
    )
    assert "--from-nodes" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_repository_dvc_says_so_with_the_way_out(fresh_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    write_folder(folder, np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8), "aaaa")
    way_out = " is not a git repository; git init, then dvc init, make it one\n"
    for command in (("data", "add", str(folder), "--name", "mine"), ("verify",)):
        done = fresh_project.run("whichgen", *command, ok=False)
        assert done.returncode == 1
        assert done.stderr.endswith(way_out), done.stderr
        assert "Traceback" not in done.stderr
    assert not fresh_project.path("data/01_raw/mine").exists()


def test_a_retraining_with_wrong_settings_does_not_begin(fresh_project):
    """It would train for hours, and tell nobody."""
    fresh_project.path("conf/local").mkdir(exist_ok=True)
    fresh_project.path("conf/local/notifications.yml").write_text("webhook: ftp://example.org\n")
    done = fresh_project.run("whichgen", "retrain", "--dataset", "digits", ok=False)
    assert done.returncode == 2
    assert "conf/local/notifications.yml: webhook: must begin with https://HOST" in done.stderr
    assert not list(fresh_project.path("data/08_reporting").rglob("retraining"))
