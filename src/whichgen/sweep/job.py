"""What a job does: `kedro run` for one cell, in the cell's working folder."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from submitit.helpers import DelayedSubmission

from whichgen.sweep.cells import Cell, finished
from whichgen.sweep.workspace import LOG

Environment = dict[str, str | None]
"""Variables to set, or, where None, to take away."""

LOCK = "lock"
POLL_SECONDS = 0.5
STOP_SECONDS = 80  # that a training has to save itself; Slurm's signal comes 90 s before the end
REQUEUE_SECONDS = 120  # that Slurm has to kill or requeue what it has told to end


@dataclass(kw_only=True)
class CellJob:
    """A callable for submitit; a second job of one cell waits for the first, then has little to do.

    Args:
        folder: see `workspace.make_workspace`. wanted: see `cells.wanted_hashes`.
        environment: of the command, beside the job's own.
        sweep_lock: held by the sweep as long as it lives; a local job ends with it. None: goes on.
    """

    cell: Cell
    folder: Path
    wanted: dict[str, str]
    environment: Environment
    sweep_lock: Path | None
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    def __call__(self) -> None:
        """Train and score the cell; its output goes to the folder's log.

        Raises:
            RuntimeError: if the command failed.
        """
        with (self.folder / LOCK).open("a") as lock, (self.folder / LOG).open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if finished(self.folder, self.cell, self.wanted):
                return
            self._process = self._start(lock, log)
            code = self._wait(self._process)
        if code == 128 + signal.SIGTERM and os.environ.get("SUBMITIT_EXECUTOR") == "slurm":
            time.sleep(REQUEUE_SECONDS)  # an error reported now would be the job's end
        if code:
            raise RuntimeError(f"kedro run ended with exit code {code}; log: {self.folder / LOG}")

    def checkpoint(self) -> DelayedSubmission:
        """Called by submitit before the job's time is up: stop the training, which saves itself.

        Returns:
            The same job: once more, it goes on from the training's checkpoint.
        """
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        return DelayedSubmission(replace(self))

    def _start(self, lock: IO[str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        changed = os.environ | self.environment
        # submitit's signal is for this process, which stops the training by another one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        process = subprocess.Popen(
            [sys.executable, "-m", "kedro", *self.cell.command],
            cwd=self.folder,
            env={name: value for name, value in changed.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Locally, Ctrl-C is to reach it by way of this process; Slurm signals a group.
            process_group=None if self.sweep_lock is None else 0,
            pass_fds=(lock.fileno(),),  # locked until both have ended
        )
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
        return process

    def _wait(self, process: "subprocess.Popen[bytes]") -> int:
        """Its exit code; whatever ends this process before, ends it too."""
        try:
            while (code := process.poll()) is None:
                if self.sweep_lock is not None and not held(self.sweep_lock):
                    raise SystemExit("the sweep has ended")
                time.sleep(POLL_SECONDS)
        except BaseException:
            process.terminate()
            raise
        return code


def held(lock: Path) -> bool:
    """Whether some process holds the lock file."""
    if not lock.is_file():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
