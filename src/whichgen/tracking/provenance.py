"""Which state of the code a run was published from."""

import subprocess
from pathlib import Path


def git_tags(project: Path, *, training: bool) -> dict[str, str]:
    """The revision checked out in the project and whether files differ from it.

    Args:
        training: whether the training goes on at this moment. If not, the tags speak of the code
            at the time of publishing, and `whichgen.git.read_at` says so.

    Returns:
        Tags; none where the project is not under git.
    """
    revision = _git(project, "rev-parse", "HEAD")
    if revision is None:
        return {}
    changes = _git(project, "status", "--porcelain", "--untracked-files=no")
    return {
        "mlflow.source.git.commit": revision,
        "whichgen.git.dirty": str(bool(changes)).lower(),
        "whichgen.git.read_at": "training" if training else "publishing",
    }


def _git(project: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(project), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
