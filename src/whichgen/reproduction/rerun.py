"""The worktree in which a comparison runs again: made, given its data, run, removed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.reproduction import git
from whichgen.reproduction.lock import LOCK
from whichgen.reproduction.plan import Plan
from whichgen.training.process import end_with_parent

MARK = Path(".dvc/tmp/reproduction")  # in a worktree of ours: "running" or "done"
Told = Callable[[int, int, str], None]  # stages run, stages in all, the one that runs now
_FOLDER = Path(".dvc/tmp/reproduce")
_RAW = Path("data/01_raw")
_FROM_PROJECT = "whichgen-project"


def default_folder(project: Path, plan: Plan) -> Path:
    """Where the worktree is by default: the same for the same comparison, and out of git."""
    return project / _FOLDER / f"{plan.dataset}-{plan.revision[:12]}"


def prepare(project: Path, plan: Plan, folder: Path) -> bool:
    """A worktree without dvc.lock, in which nothing is recorded and so everything is trained.

    One that an earlier reproduction was killed in is gone on with.

    Returns:
        Whether it goes on.

    Raises:
        WhichgenError: if the folder is something else, or the raw data is not to be had.
    """
    mark = (folder / MARK).read_text() if (folder / MARK).exists() else ""
    goes_on = mark == "running" and git.head(folder) == plan.revision
    if not goes_on:
        ours = mark or folder.is_relative_to(project / _FOLDER)
        if folder.exists() and any(folder.iterdir()) and not ours:
            raise WhichgenError(f"--folder {folder}: not empty; give another")
        git.remove_worktree(project, folder)
        git.add_worktree(project, folder, plan.revision)
        if not (folder / LOCK).exists():
            git.remove_worktree(project, folder)
            raise WhichgenError(f"{project}: not the root of its git repository; move it there")
        (folder / LOCK).unlink()
        (folder / MARK).parent.mkdir(exist_ok=True)
        (folder / MARK).write_text("running")
    _bring_raw_data(project, plan.dataset, folder)
    return goes_on


def run_again(plan: Plan, folder: Path, log: Path, told: Told) -> None:
    """Train and score it all; the stages that a killed run has finished here stay.

    Raises:
        WhichgenError: if a stage failed; the worktree stays, and the same command goes on.
    """
    command = ["repro", "--no-run-cache", *plan.targets]
    done = 0
    with log.open("a", encoding="utf-8") as file, _start(folder, command) as process:
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            file.flush()
            if found := re.match(r"(?:Running stage|Stage) '(.+?)'", line):
                told(min(done, len(plan.stages)), len(plan.stages), found[1])
                done += 1
    if process.returncode:
        raise WhichgenError(
            f"{plan.revision[:12]}: dvc repro failed in {folder}, see {log}; mend the cause and "
            "run the same command again: it goes on there"
        )
    (folder / MARK).write_text("done")


def _bring_raw_data(project: Path, dataset: str, folder: Path) -> None:
    """As versioned in the revision; else as it lies in the project; some sources need none."""
    from dvc.config import Config

    local = project / ".dvc/config.local"
    if local.exists():  # a remote's secrets
        shutil.copy(local, folder / ".dvc/config.local")
    raw = _RAW / dataset
    with Config(str(folder / ".dvc")).edit("local") as config:
        # A cache of its own: what comes out otherwise must not come into the project's.
        config["cache"]["dir"] = str(folder / ".dvc/cache")
        config["remote"][_FROM_PROJECT] = {"url": _project_cache(project), "verify": True}
    if (folder / f"{raw}.dvc").exists():
        for source in (["--remote", _FROM_PROJECT], []):
            with _start(folder, ["pull", *source, f"{raw}.dvc"]) as process:
                said = process.communicate()[0]
            if process.returncode == 0:
                return
        reason = said.strip().splitlines()[-1] if said.strip() else "no reason given"
        raise WhichgenError(f"{raw}.dvc: neither in the cache nor in the remote: {reason}")
    if (project / raw).exists() and not (folder / raw).exists():
        (folder / raw).symlink_to((project / raw).resolve())


def _project_cache(project: Path) -> str:
    from dvc.repo import Repo

    with Repo(str(project)) as repo:
        return str(Path(repo.cache.local.path).parents[1])


def _start(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    """DVC in the worktree, with its code, in this environment; it ends with this process."""
    paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=os.environ
        | {"PATH": paths, "PYTHONPATH": str(folder / "src"), "WHICHGEN_TRACKING": "off"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=partial(end_with_parent, os.getpid()),
    )
