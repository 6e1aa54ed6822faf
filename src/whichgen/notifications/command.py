"""A message by a program."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from whichgen.errors import WhichgenError


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    body: bytes,
    timeout: float,
) -> None:
    """Run a program without a shell; when it is late, it and what it started are killed.

    Args:
        environment: variables beside the present ones.
        body: its standard input.
        timeout: seconds.

    Raises:
        WhichgenError: if it cannot be started, ends with an error or is late.
    """
    name = command[0]
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # a retraining's output is its own summary
            process_group=0,
        )
    except OSError as error:
        raise WhichgenError(f"command: {name} cannot be started: {error.strerror}") from None
    with process:
        try:
            process.communicate(body, timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise WhichgenError(f"command: {name} did not end within {timeout:g} s") from None
            raise
    if process.returncode:
        raise WhichgenError(f"command: {name} ended with {process.returncode}")
