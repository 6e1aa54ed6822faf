"""Run a stage's command: its output into a log and to standard error, its error as a reason."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.training.process import end_with_parent

POLL_SECONDS = 0.1


def run(
    project: Path, log: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """Run it in the project; it ends with this process, even when that is killed.

    Its output goes to a file and is read from there: a pipe would break with this process, and a
    training that is told to end still has to save itself.

    Args:
        environment: variables beside the present ones.

    Raises:
        WhichgenError: if it failed, with the error that it ended with.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out, log.open("rb") as said:
        said.seek(0, os.SEEK_END)
        start = said.tell()
        process = subprocess.Popen(
            command,
            cwd=project,
            env=os.environ | {"PATH": _path()} | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=partial(end_with_parent, os.getpid()),
        )
        try:
            while process.poll() is None:
                _show(said.read())
                time.sleep(POLL_SECONDS)
        except BaseException:  # Ctrl-C reaches it too, unless it was sent to this process alone
            process.terminate()
            process.wait()
            raise
        _show(said.read())
        if process.returncode:
            said.seek(start)
            reason = last_error(said.read().decode(errors="replace"))
            raise WhichgenError(f"{reason} (log: {log.relative_to(project)})")
    if not log.stat().st_size:
        log.unlink()


def last_error(output: str) -> str:
    """The line that says best why a command failed: Kedro's or ours before DVC's, else the last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for sign in ("Error: ", "ERROR: "):
        found = [line.removeprefix(sign) for line in lines if line.startswith(sign)]
        if found:
            return found[-1]
    return lines[-1] if lines else "it ended without a word"


def _path() -> str:
    """With this environment's commands first: a scheduler may know nothing of it."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _show(output: bytes) -> None:
    if output:
        sys.stderr.buffer.write(output)
        sys.stderr.flush()
