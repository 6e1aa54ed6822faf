"""One process per cell, stopped by signals, ended with its parent: with real processes."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import gone
from whichgen.errors import WhichgenError
from whichgen.training import process
from whichgen.training.process import Stopped, StopSignals, only_process

HOLD = """
import sys
from pathlib import Path
from whichgen.training.process import only_process
with only_process(Path(sys.argv[1]), "dgn on digits, seed 7"):
    print("held", flush=True)
    sys.stdin.read()
"""
CHILD = """
import os, sys, time
from whichgen.training.process import end_with_parent
parent = os.getppid()
print("begun", flush=True)
while sys.argv[1] == "late" and os.getppid() == parent:
    time.sleep(0.01)
end_with_parent()
print("asked", flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])
print(child.pid, flush=True)
child.wait()
"""


def start(*arguments, **options):
    command, pipe = [sys.executable, "-c", *arguments], subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, **options)


def test_the_second_process_is_refused_and_told_of_the_first(tmp_path):
    lock = tmp_path / "live/lock"
    with start(HOLD, str(lock)) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(WhichgenError) as refused, only_process(lock, "dgn on digits, seed 7"):
            pass
        assert re.fullmatch(
            rf"dgn on digits, seed 7: process {first.pid}, started [\d-]{{10}} [\d:]{{8}}, is "
            "training it; wait for it, or end it",
            str(refused.value),
        )
        first.kill()
    with only_process(lock, "dgn on digits, seed 7"):  # a killed holder holds no more
        assert str(os.getpid()) in lock.read_text()
    assert lock.read_text() == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_noted_its_echo_ignored_and_a_later_one_acts(
    number, code, capfd, monkeypatch
):
    def former(*_):
        raise InterruptedError

    def twice():
        with StopSignals() as stop:
            signal.raise_signal(number)
            assert stop.received == number
            assert "once more to stop at once" in capfd.readouterr().err
            signal.raise_signal(number)
            assert stop.received == number
            assert capfd.readouterr().err == ""
            monkeypatch.setattr(process, "ECHO_SECONDS", 0.0)
            signal.raise_signal(number)

    before = signal.signal(number, former)
    try:
        with pytest.raises(InterruptedError):
            twice()
        assert signal.getsignal(number) is former
    finally:
        signal.signal(number, before)
    stopped = Stopped(number, 12)
    assert stopped.code == code
    assert str(stopped) == f"stopped by {number.name} after 12 steps"


def test_a_signal_that_nobody_acted_upon_acts_afterwards():
    with pytest.raises(KeyboardInterrupt), StopSignals():
        signal.raise_signal(signal.SIGINT)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopSignals() as stop:
            signal.raise_signal(signal.SIGINT)
            assert stop.received is None
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("when", ["early", "late"])
def test_it_ends_with_its_parent_even_if_that_ended_before_it_asked(number, when):
    with start(PARENT, CHILD, when, start_new_session=True) as parent:
        child = int(parent.stdout.readline())
        for word in ("begun", "asked")[: 2 if when == "early" else 1]:
            assert parent.stdout.readline() == f"{word}\n"
        assert not gone(child)
        parent.send_signal(number)
        end = time.monotonic() + 10
        while not gone(child) and time.monotonic() < end:
            time.sleep(0.01)
        assert gone(child)
        assert "asked" not in parent.stdout.read()
