"""The last states of trainings that are not over: each file's name holds its hash."""

from collections.abc import Iterator
from pathlib import Path

from whichgen.verification.checks import Check

# In the project, and in the working folders of a sweep's jobs.
_FOLDERS = ("data/06_models/{}/*/*/checkpoints", "sweep/{0}/*/*/data/06_models/{0}/*/*/checkpoints")


def checkpoint_checks(project: Path, dataset: str | None = None) -> Iterator[Check]:
    """A check for each state, and for what tells which training the states belong to."""
    for path in find_checkpoints(project, dataset):
        name = path.relative_to(project).as_posix()
        yield Check(
            path=path,
            name=name,
            algorithm="sha256",
            expected=path.name.split(".")[1],
            record="its name",
            group=path.parent.name,
            absence="fine",
            otherwise=f"rm -f {name} # the training goes on from the state before",
        )


def find_checkpoints(project: Path, dataset: str | None) -> list[Path]:
    """The states, oldest first in each folder."""
    folders = [pattern.format(dataset or "*") for pattern in _FOLDERS]
    return sorted(path for f in folders for path in project.glob(f"{f}/*/step_*.*.pt"))
