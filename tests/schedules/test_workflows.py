import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.schedules.conftest import BARE, another_one_running, records

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def jobs(path: Path) -> list[dict[str, Any]]:
    content = yaml.load(path.read_text(), yaml.BaseLoader)
    assert content["permissions"] == {"contents": "read"}
    return list(content["jobs"].values())


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_the_workflows_are_as_github_wants_them(schema: str) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    checked = subprocess.run([*check, *FILES], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_and_scripts_are_not_filled_in(path: Path) -> None:
    """A tag can be moved to other code, and a value that is pasted into a script is run."""
    named = [
        line.split("uses:")[1].strip() for line in path.read_text().splitlines() if "uses:" in line
    ]
    assert named
    assert [name for name in named if not PINNED.fullmatch(name)] == []
    scripts = [step["run"] for job in jobs(path) for step in job["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.slow
def test_the_step_that_retrains_does_so_without_any_secret_set(
    project: Path, tmp_path: Path
) -> None:
    (job,) = jobs(ROOT / ".github/workflows/retrain.yml")
    (step,) = [step for step in job["steps"] if step.get("name") == "Retrain"]
    summary = tmp_path / "summary.md"
    given = {"DATASET": "digits", "GITHUB_STEP_SUMMARY": str(summary)}
    secrets = {name: re.sub(r"\$\{\{ secrets\.\w+ \}\}", "", v) for name, v in step["env"].items()}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env=BARE | given | secrets,
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run()
    assert done.returncode == 0, done.stderr
    (record,) = records(project)
    assert record["decision"] == "nothing_to_do"
    assert summary.read_text() == done.stdout == record["summary"] + "\n"
    with another_one_running(project):
        assert run().returncode == 75
