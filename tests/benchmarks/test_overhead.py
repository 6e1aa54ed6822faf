"""The same steps by the bare loop and by the whole command, without a trace in the project."""

import subprocess
import sys

import pytest

from benchmarks.overhead import PARTS


def test_the_parts_add_up_to_the_whole_command():
    bare = {"bare": 102.0, "bare loop": 100.0}
    run = bare | {"loop": 101.0, "command": 112.0, "validation": 7.0}
    assert {part: more(run) for part, more in PARTS.items()} == {
        "in the loop": 1.0,
        "validation": 7.0,
        "the rest": 2.0,
        "in all": 10.0,
        "in all but validation": 3.0,
    }


def test_the_bare_process_starts_without_kedro():
    code = "import sys, benchmarks.overhead; print('torch' in sys.modules, 'kedro' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def written(project):
    """When each file of the project's data was written last."""
    return {path: path.stat().st_mtime_ns for path in project.path("data").rglob("*")}


@pytest.mark.slow
def test_a_whole_command_beside_the_bare_loop(trained_project):
    before = written(trained_project)
    done = trained_project.run(
        "python", "-m", "benchmarks.overhead", "--dataset", "digits", "--seconds", "4"
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    rows = [line.strip("| ").split(" | ") for line in lines]  # two tables, each with head and rule
    values = (float(cell.replace(",", "")) for cell in rows[2][1:])
    bare, bare_loop, loop, command, validation = values
    shares = {part: float(share) for part, share in rows[5:]}
    assert 0 < validation < command
    assert 1 < bare_loop < bare < 60
    assert loop < command
    assert set(shares) == set(PARTS)
    assert shares["in all"] == pytest.approx(100 * (command - bare) / bare, rel=0.05)
    assert written(trained_project) == before
    assert not trained_project.path("mlflow.db").exists()
