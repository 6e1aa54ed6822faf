"""A promotion that is killed at any of its writes leaves a champion, and goes on."""

import json
import os
import subprocess
import sys

import pytest

from tests.registry.comparisons import BAD, GOOD, MIDDLING, ROOT
from whichgen.tracking.cell_files import find_cells
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.settings import load_settings
from whichgen.tracking.store import open_store

pytestmark = pytest.mark.slow


def kill_everywhere(comparison):
    """The cells are published before, so that runs and models have the same names in every try."""
    project = comparison.project
    store = open_store(project, load_settings(project))
    for key in find_cells(project):
        publish_cell(store, key)
    done = subprocess.run(
        [sys.executable, "-m", "tests.registry.kills", str(project)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def champion(state):
    return dict(state["aliases"]).get("champion")


def check(found, *, before, after):
    unbroken, killed = found["unbroken"], found["killed"]
    assert unbroken["result"]["decision"] == "promoted"
    assert champion(unbroken["state"]) == after
    assert len(killed) == unbroken["result"]["writes"] > 3
    moved = [champion(one["between"]) == after for one in killed]
    for one in killed:
        assert one["ended"] == [-9, 0]
        assert champion(one["between"]) in (before, after)
        assert one["state"] == unbroken["state"]  # no version twice, nothing left out
        expected = "kept" if champion(one["between"]) == after else "promoted"
        assert one["result"]["decision"] == expected
    assert moved == sorted(moved)  # it never went back


def test_the_first_promotion_killed_at_each_write(tracked):
    tracked.write({"gan": MIDDLING, "dgn": BAD})
    check(kill_everywhere(tracked), before=None, after=1)


def test_a_change_of_champion_killed_at_each_write(crowned):
    crowned.write({"dgn": GOOD}, version=1)
    found = kill_everywhere(crowned)
    check(found, before=1, after=2)
    assert [len(one["state"]["versions"]) for one in found["killed"]] == [2] * len(found["killed"])
