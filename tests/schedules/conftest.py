"""A project for schedules to fire at, in a state in which the real command ends within seconds."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import copy_project
from whichgen.cli.project import parameters
from whichgen.parameters import parse_parameters
from whichgen.retraining.inputs import present_inputs
from whichgen.retraining.state import State, save_state
from whichgen.training.process import only_process

RETRAINING = Path("data/08_reporting/digits/retraining")
PLACE = "/srv/whichgen"
"""Where the project is in the files under deploy/, until one says otherwise."""

BARE = {"PATH": os.defpath, "HOME": str(Path.home())}
"""What a scheduler tells a command, which is little."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an environment, whose digits were last retrained on what is there now."""
    folder = copy_project(tmp_path / "project")
    (folder / ".venv").symlink_to(sys.prefix)
    with contextlib.chdir(folder):
        trained = present_inputs(folder, parse_parameters(parameters()), "digits")
    save_state(folder / RETRAINING, State(trained=trained))
    return folder


@contextlib.contextmanager
def another_one_running(project: Path) -> Iterator[None]:
    """Within it, a retraining of digits that somebody else started holds the lock."""
    with only_process(project / RETRAINING / "lock", "retraining of digits"):
        yield


def let_fetching_fail(project: Path) -> None:
    """From now on the retraining of digits fails at its first stage."""
    path = project / "conf/base/parameters_retraining.yml"
    text = path.read_text()
    assert "  fetch: {}\n" in text
    path.write_text(text.replace("  fetch: {}\n", "  fetch: {digits: echo no route; false}\n"))


def records(project: Path) -> list[dict[str, Any]]:
    """What the runs so far wrote down, the oldest first."""
    found = sorted((project / RETRAINING).glob("*Z.json"))
    return [json.loads(path.read_text()) for path in found]
