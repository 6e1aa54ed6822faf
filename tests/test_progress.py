"""What a person sees of what takes a while: on a terminal and off it."""

import io
import logging

import pytest
from rich.console import Console

from whichgen import progress
from whichgen.progress import CountReport, DrawingReport, PartsReport


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=110, color_system=None)


def elsewhere():
    return Console(file=io.StringIO())


def parts(console):
    with PartsReport("scores", console) as report:
        report("kid")
        report._bar.refresh()


def count(console):
    with CountReport("stages", every_seconds=progress.LINE_SECONDS, console=console) as report:
        report(1, 3, "dgn")
        report._bar.refresh()


def drawing(console):
    with DrawingReport(2000, "images", console) as report:
        report(500, True)
        report(600, False)
        report._bar.refresh()


@pytest.mark.parametrize(
    ("do", "shown"),
    [
        (parts, ["scores: kid"]),
        (count, ["stages: dgn", "1/3"]),
        (drawing, ["1100/2000", "images/s"]),
    ],
)
def test_on_a_terminal_there_is_a_bar_and_no_line(do, shown, monkeypatch, caplog, capsys):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    monkeypatch.setattr(progress, "PART_SECONDS", 0.0)
    console = terminal()
    with caplog.at_level(logging.INFO, "whichgen"):
        do(console)
    assert all(text in console.file.getvalue() for text in shown)
    assert not caplog.records
    assert capsys.readouterr().err == ""


def test_off_a_terminal_only_what_takes_long_gets_lines(caplog, capsys, monkeypatch):
    console = elsewhere()
    with caplog.at_level(logging.INFO, "whichgen"):
        for do in (parts, count, drawing):
            do(console)
        assert not caplog.records
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
        monkeypatch.setattr(progress, "PART_SECONDS", 0.0)
        for do in (parts, count, drawing):
            do(console)
    assert [record.getMessage() for record in caplog.records] == ["scores: kid"]
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "stages: dgn: 1 of 3"
    assert [line.split(", ")[0] for line in rest] == [
        "500 of 2,000 images",
        "1,100 of 2,000 images",
    ]
    assert rest[0].endswith(", 0 images/s")
    assert console.file.getvalue() == ""
