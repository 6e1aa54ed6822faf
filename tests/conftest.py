"""A project of its own for whole commands: the tracked files in a new folder, at a tiny budget."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, sync_playwright

# Small networks on one core: a second thread helps little, and on a busy machine it only waits.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


FOUND = pytest.StashKey[list[str]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep where modules are found."""
    session.stash[FOUND] = list(sys.path)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the folders of models loaded before: each holds a part of whichgen, by which a process
    that this one starts would go.
    """
    sys.path[:] = item.session.stash[FOUND]


def miss(what: str) -> NoReturn:
    """End a test for want of something: as failed in CI, as skipped elsewhere."""
    (pytest.fail if "CI" in os.environ else pytest.skip)(what)


def find_program(*names: str) -> str:
    """The path of the first of these programs that is here; else fail in CI, skip elsewhere."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        miss(f"{names[0]} is not installed; `make programs` installs it on Debian and Ubuntu")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or another one on the path."""
    found = find_program("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


def copy_project(target: Path) -> Path:
    """The files that git tracks, or would, as in a fresh clone; raw data and results are not.

    The DGN's encoder is fitted to a few images only, so that a tiny budget pays for it.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() and name != "dvc.lock":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    recipe = target / "conf/base/parameters/recipes/dgn/dgn.yml"
    text, changes = re.subn(r"images_seen: \d+", "images_seen: 3000", recipe.read_text())
    assert changes == 1
    recipe.write_text(text)
    return target


class Project:
    """Runs commands in a project folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str, ok: bool = True, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's commands; by default it must succeed."""
        process = self.start(*command, **extra)
        output, errors = process.communicate()
        assert not ok or process.returncode == 0, output + errors
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def start(self, *command: str, **extra: str) -> subprocess.Popen[str]:
        """Start one of the environment's commands, as a process group of its own."""
        environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "WHICHGEN_TRACKING": "off",
            "DO_NOT_TRACK": "1",
            "DVC_NO_ANALYTICS": "1",
            **extra,
        }
        return subprocess.Popen(
            [str(BIN / command[0]) if (BIN / command[0]).exists() else command[0], *command[1:]],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def path(self, name: str) -> Path:
        """A file of the project."""
        return self.folder / name


def gone(pid: int) -> bool:
    """Whether the process is no more, or only waits for somebody to note its end (on Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def fresh_project(tmp_path) -> Project:
    """A project in which nothing was run."""
    return Project(copy_project(tmp_path))


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory) -> Project:
    """A project after one plain `kedro run` at a tiny budget."""
    project = Project(copy_project(tmp_path_factory.mktemp("trained")))
    project.run("kedro", "run", "--params", "budget=2e10")
    return project
