"""Turns, ratios, quartiles, how they are written, and a process of one's own."""

import time

import numpy as np
import pytest
import torch

from benchmarks import interleave
from benchmarks.interleave import interleaved, ratios, spread, times_in
from benchmarks.isolation import in_own_process
from benchmarks.markdown import figure, quartiles, table
from whichgen.training.devices import peak_memory_bytes


def test_works_take_turns_in_an_order_that_turns_round():
    order = []
    seconds = interleaved({name: lambda name=name: order.append(name) for name in "ab"}, 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"  # the first round is not counted
    assert {name: len(values) for name, values in seconds.items()} == {"a": 3, "b": 3}


def test_seconds_are_those_of_the_work():
    seconds = interleaved({"long": lambda: time.sleep(0.05), "none": lambda: None}, 2)
    assert min(seconds["long"]) >= 0.05
    assert sum(seconds["none"]) < sum(seconds["long"])


def test_times_in_is_how_often_fills_the_time(monkeypatch):
    asked = []
    monkeypatch.setattr(interleave, "perf_counter", iter([0.0, 0.03, 5.0, 5.2]).__next__)
    assert times_in(0.2, asked.append) == 7
    assert times_in(0.1, asked.append) == 1
    assert asked == [1, 1, 1, 1]  # tried once, timed once


def test_spread_is_numpys_quartiles_and_ratios_are_by_pair():
    values = [3.0, 1.0, 7.0, 2.0, 9.0, 4.0]
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
    assert spread(values) == pytest.approx({"median": median, "q1": q1, "q3": q3})
    assert spread([5.0]) == {"median": 5.0, "q1": 5.0, "q3": 5.0}
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


def test_figures_and_tables_are_written_for_people():
    assert [figure(v) for v in (0.01234, 1.0, 12.34, 123.4, 1234.5)] == [
        "0.0123", "1.00", "12.3", "123", "1,234"
    ]  # fmt: skip
    assert quartiles({"median": 2.0, "q1": 1.0, "q3": 3.0}, 10) == "20.0 (10.0 to 30.0)"
    assert quartiles({"median": 2.0, "q1": 2.0, "q3": 2.0}) == "2.00"
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_the_peak_of_an_own_process_is_not_that_of_its_parent():
    """Half a gigabyte here must not show there; that a process started the usual way shows it."""
    ballast = torch.ones(2**27)
    here = peak_memory_bytes(torch.device("cpu"))
    there = in_own_process(peak_memory_bytes, torch.device("cpu"))
    assert ballast.nbytes == 2**29
    assert 50e6 < there < here - 0.9 * ballast.nbytes
