"""`kedro run --pipelines=promotion` and `whichgen rollback` in a project, as a user meets them."""

import json
import shutil

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.slow

RUN = ("kedro", "run", "--pipelines=promotion")
RESULT = "data/08_reporting/digits/promotion.json"
VERDICT = "data/08_reporting/digits/comparison/verdict.json"
GONE = "http://127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture(scope="module")
def project(trained_project, tmp_path_factory):
    """A copy of the project after one plain run."""
    folder = tmp_path_factory.mktemp("promotion")
    shutil.copytree(trained_project.folder, folder, dirs_exist_ok=True)
    return Project(folder)


def test_a_dry_run_makes_a_file_and_no_database(project):
    done = project.run(*RUN, "--params", "promotion.mode=dry_run", WHICHGEN_TRACKING="best_effort")
    result = json.loads(project.path(RESULT).read_text())
    assert result["decision"] == "dry_run"
    assert result["would_be"] in ("promoted", "refused")  # so short a training may miss a type
    assert (result["champion_before"], result["champion_after"]) == (None, None)
    line = f"dry run; nothing changed, it would be {result['would_be']}"
    assert f"whichgen-digits: {line}" in " ".join(done.stdout.split())
    assert done.stdout.splitlines()[-2] == f"  {RESULT}"
    assert not project.path("mlflow.db").exists()


@pytest.mark.parametrize(
    ("surroundings", "said"),
    [
        ({"WHICHGEN_TRACKING": "off"}, "conf/base/mlflow.yml or WHICHGEN_TRACKING says off"),
        (
            {"WHICHGEN_TRACKING": "best_effort", "MLFLOW_TRACKING_URI": GONE},
            f"MLflow at {GONE}: no answer",
        ),
    ],
)
def test_without_mlflow_a_promotion_is_one_line_and_changes_nothing(project, surroundings, said):
    project.path(RESULT).write_text("as it was")
    done = project.run(*RUN, ok=False, **surroundings)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert project.path(RESULT).read_text() == "as it was"


def test_without_a_verdict_it_says_how_to_get_one(project):
    shutil.move(project.path(VERDICT), project.path("verdict.json"))
    done = project.run(*RUN, ok=False, WHICHGEN_TRACKING="best_effort")
    assert done.returncode == 1
    assert "no verdict to promote by; run dvc repro, or kedro run" in done.stderr
    shutil.move(project.path("verdict.json"), project.path(VERDICT))
