"""What a person sees of a training: on a terminal and off it."""

import io
import logging

from rich.console import Console

from whichgen.training import progress
from whichgen.training.progress import ProgressReport

TERMS = {f"some_long_loss_term_{i}": 1.0 / 3 for i in range(12)}


def test_many_terms_leave_room_for_steps_rate_and_time():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=110, color_system=None)
    report = ProgressReport("dgn on digits, seed 3", 8, console)
    report.started(40)
    for step in range(1, 13):
        report.stepped(step)
    report.logged({"step": 12, "flops": 5, "images_seen": 96, **TERMS, "validation_fd": 2.5}, 1.0)
    report.stepped(13)
    report.close()
    shown = screen.getvalue()
    last = [part for part in shown.splitlines() if "13/40" in part][-1]
    assert "dgn on digits, seed 3" in last
    assert "images/s" in last
    assert "0:00:0" in last
    assert "validation_fd 2.5" in last
    assert "flops" not in last


def test_off_a_terminal_there_is_a_plain_line_now_and_then(caplog, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    report = ProgressReport("gan on digits, seed 0", 8, Console(file=io.StringIO()))
    with caplog.at_level(logging.INFO, "whichgen"):
        report.started(4)
        report.logged({"step": 1, "d_gap": 0.25}, 1.0)
        report.stepped(2)
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "gan on digits, seed 0: training starts, 4 steps"
    assert second.startswith("gan on digits, seed 0: step 2 of 4, ")
    assert second.endswith(" s left, d_gap 0.25")


def test_what_has_no_terms_ends_with_the_time_that_is_left(caplog, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    report = ProgressReport("encoder", 8, Console(file=io.StringIO()))
    report.started(4)
    with caplog.at_level(logging.INFO, "whichgen"):
        report.stepped(2)
    assert caplog.records[-1].getMessage().endswith(" s left")


def test_the_last_validation_stays_in_sight(caplog, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    report = ProgressReport("x", 8, Console(file=io.StringIO()))
    report.started(4)
    report.logged({"step": 1, "loss": 3.0, "validation_fd": 2.5}, 1.0)
    report.logged({"step": 2, "loss": 2.0}, 2.0)
    with caplog.at_level(logging.INFO, "whichgen"):
        report.stepped(2)
    assert caplog.records[-1].getMessage().endswith("validation_fd 2.5  loss 2")
