"""A stage's command: what it says, why it failed, and that it ends with the run."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import gone
from whichgen.errors import WhichgenError
from whichgen.retraining.commands import last_error, run


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("a\nError: it is broken\nERROR: failed to reproduce 'gan@x'\n", "it is broken"),
        ("a\nERROR: no such stage\nb\n", "no such stage"),
        ("a\nValueError: 3\n\n", "ValueError: 3"),
        ("", "it ended without a word"),
    ],
)
def test_the_best_reason_is_found(output, error):
    assert last_error(output) == error


def test_output_goes_to_the_log_and_errors_become_one_line(tmp_path, capfd):
    log = tmp_path / "logs/run.log"
    run(tmp_path, log, ("sh", "-c", "echo Error: of before; echo $COLOUR"), {"COLOUR": "red"})
    with pytest.raises(WhichgenError, match=r"^no such file \(log: logs/run\.log\)$"):
        run(tmp_path, log, ("sh", "-c", "echo Error: no such file >&2; exit 3"))
    assert log.read_text().splitlines() == ["Error: of before", "red", "Error: no such file"]
    assert "red" in capfd.readouterr().err


def test_commands_of_this_environment_come_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    run(tmp_path, tmp_path / "log", ("sh", "-c", "command -v dvc"))
    assert (tmp_path / "log").read_text().strip() == str(Path(sys.executable).parent / "dvc")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_a_killed_run_leaves_no_command_behind(tmp_path):
    code = (
        "from pathlib import Path; from whichgen.retraining.commands import run; "
        f"run(Path({str(tmp_path)!r}), Path({str(tmp_path / 'log')!r}), "
        "('sh', '-c', 'echo $$; exec sleep 60'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    with process:
        said = process.stderr.readline()
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while not gone(int(said)):
        assert time.monotonic() < end
        time.sleep(0.02)
