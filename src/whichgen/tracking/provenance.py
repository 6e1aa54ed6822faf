"""Which state of the code a run was made from."""

import subprocess
from pathlib import Path


def git_tags(project: Path, *, read_at: str) -> dict[str, str]:
    """The revision checked out in the project and whether files differ from it.

    Args:
        read_at: "training" or "publishing": of which moment the tags speak.

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
        "whichgen.git.read_at": read_at,
    }


def _git(project: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(project), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
