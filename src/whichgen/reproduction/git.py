"""What git knows: which revision is meant, what its files held, a worktree of it."""

import shutil
import subprocess
from pathlib import Path

from whichgen.errors import WhichgenError


def find_revision(project: Path, name: str) -> str | None:
    """The commit of that name, None if there is none."""
    done = _git(project, "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
    return done.stdout.strip() or None


def file_at(project: Path, revision: str, path: str) -> str | None:
    """The content of a file of a revision, None if it has none."""
    done = _git(project, "show", f"{revision}:./{path}")
    return done.stdout if done.returncode == 0 else None


def commits_with(project: Path, text: str, path: str) -> list[str]:
    """The commits in which the text came into the file or went, the oldest first."""
    found = _git(project, "log", "--all", "--reverse", "--format=%H", f"-S{text}", "--", path)
    return found.stdout.split()


def changed(project: Path) -> bool:
    """Whether tracked files differ from what is committed."""
    return bool(_git(project, "status", "--porcelain", "--untracked-files=no").stdout.strip())


def add_worktree(project: Path, folder: Path, revision: str) -> None:
    """Check the revision out in the folder, which has nothing in it.

    Raises:
        WhichgenError: with git's reason, if it could not be.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = _git(project, "worktree", "add", "--quiet", "--detach", str(folder), revision)
    if done.returncode:
        raise WhichgenError(f"{folder}: no worktree of {revision}: {done.stderr.strip()}")


def remove_worktree(project: Path, folder: Path) -> None:
    """Remove the folder, and forget it and all other worktrees that are no more.

    Where git was killed while it made one, it is locked, and git will not remove it.
    """
    _git(project, "worktree", "unlock", str(folder))
    _git(project, "worktree", "remove", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    _git(project, "worktree", "prune")


def head(folder: Path) -> str | None:
    """What is checked out in the folder, None if it is no worktree's root."""
    top = _git(folder, "rev-parse", "--show-toplevel").stdout.strip() if folder.is_dir() else ""
    return find_revision(folder, "HEAD") if top and Path(top) == folder.resolve() else None


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
