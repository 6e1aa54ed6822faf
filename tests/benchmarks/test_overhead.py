"""The same steps by the bare loop and by the whole command, without a trace in the project."""

import re

import pytest

from benchmarks.interleave import spread
from benchmarks.overhead import report


def test_the_shares_are_printed_as_percent():
    record = {
        "steps": 1000,
        "pairs": 1,
        "seconds": {"bare": spread([100.0]), "loop": spread([101.0]), "command": spread([103.0])},
        "shares": {
            "in_loop": spread([0.01]),
            "outside_loop": spread([0.02]),
            "in_all": spread([0.03]),
        },
    }
    assert "| the whole command | 103 | 3.00 |" in report(record)


def written(project):
    """When each file of the project's data was written last."""
    return {path: path.stat().st_mtime_ns for path in project.path("data").rglob("*")}


@pytest.mark.slow
def test_a_whole_command_beside_the_bare_loop(trained_project):
    before = written(trained_project)
    done = trained_project.run(
        "python", "-m", "benchmarks.overhead", "--dataset", "digits", "--seconds", "4"
    )
    seconds = {
        name: float(value)
        for name, value in re.findall(r"^\| (the [a-z' ]+) \| ([\d.]+)", done.stdout, re.MULTILINE)
    }
    assert 1 < seconds["the bare loop"] < 60
    assert seconds["the command's loop"] < seconds["the whole command"]
    assert written(trained_project) == before
    assert not trained_project.path("mlflow.db").exists()
