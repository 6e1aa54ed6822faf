"""The process that trains: one per cell, stopped by signals, ended with what started it."""

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from whichgen.errors import WhichgenError

STOPPING = (signal.SIGINT, signal.SIGTERM)
ECHO_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


class Stopped(SystemExit):
    """The end of a training that a signal asked to stop, with all it did saved.

    Its exit code is the shell's for that signal: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int, step: int) -> None:
        super().__init__(128 + number)
        self.number, self.step = number, step

    def __str__(self) -> str:
        return f"stopped by {signal.Signals(self.number).name} after {self.step} steps"


class StopSignals:
    """Within it, Ctrl-C and SIGTERM only set `received`; a later one acts as it did before.

    Later is `ECHO_SECONDS` after the first: Linux tells the end of a parent with several threads
    once for each of them that a child was handed to meanwhile.

    Where they are ignored (a background job of a script), they stay so. Signals reach the main
    thread only: in another one this does nothing.

    Args:
        tells: whether the first one is told to the person at the terminal.
    """

    def __init__(self, *, tells: bool = True) -> None:
        self._tells = tells
        self.received: int | None = None
        self._received_at = 0.0
        self._former: dict[int, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._former[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()
        if self.received and error is None:  # it came too late to be acted upon
            signal.raise_signal(self.received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            if time.monotonic() - self._received_at > ECHO_SECONDS:
                self._restore()
                signal.raise_signal(number)
            return
        self.received, self._received_at = number, time.monotonic()
        if self._tells:  # not through logging or print, which may be what the signal interrupted
            os.write(2, b"\nstopping after this step; once more to stop at once\n")

    def _restore(self) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former = {}


@contextmanager
def only_process(lock: Path, title: str) -> Iterator[None]:
    """Hold the lock file, which names this process while it is held.

    Raises:
        WhichgenError: if another process holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "another process"
            problem = f"{title}: {holder} is training it; wait for it, or end it"
            raise WhichgenError(problem) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, started {datetime.now():%Y-%m-%d %H:%M:%S},")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def end_with_parent(parent: int | None = None) -> None:
    """Ask Linux for a SIGTERM when the process that started this one ends; elsewhere do nothing.

    Args:
        parent: its id, where it told it.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # It may have ended before. Then the parent is whoever adopts orphans, in another session.
    adopter = os.getppid()
    if adopter != parent if parent else os.getsid(adopter) != os.getsid(0):
        signal.raise_signal(signal.SIGTERM)
