"""What the figures draw."""

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.figures import (
    COLOURS,
    distance_over_flops,
    distance_over_seconds,
    encode,
    seed_dots,
)


def lines_of(figure, colour):
    return [line for line in figure.axes[0].get_lines() if line.get_color() == colour]


def test_a_dot_a_seed_and_the_floor(make_cells):
    cells = make_cells(seeds=4, gan={"fd": 20.0})
    axes = seed_dots(cells, "fd").axes[0]
    drawn = [
        np.sort(dots.get_offsets()[:, 0])
        for dots in axes.collections
        if len(dots.get_offsets()) == 4
    ]
    for family, values in zip(("gan", "dgn"), drawn, strict=True):
        expected = [c.score("fd") for c in cells if c.family == family]
        np.testing.assert_allclose(values, np.sort(expected))
    assert [t.get_text() for t in axes.get_yticklabels()] == ["gan", "dgn"]
    assert [t.get_text() for t in axes.texts] == ["floor 1"]


@pytest.mark.parametrize(
    ("draw", "last"), [(distance_over_flops, 1000e9), (distance_over_seconds, 20.0)]
)
def test_a_thin_line_a_seed_and_a_bold_median(make_cells, draw, last):
    figure = draw(make_cells(seeds=3))
    for colour in COLOURS.values():
        lines = lines_of(figure, colour)
        assert sorted(line.get_linewidth() for line in lines) == [0.8, 0.8, 0.8, 2.4]
        assert {line.get_xdata()[-1] for line in lines} == {last}
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_a_failed_run_ends_in_a_cross_and_is_not_in_the_median(make_cells):
    cells = make_cells(seeds=3)
    cells[0] = Cell(**{**vars(cells[0]), "status": "failed", "history": cells[0].history.head(6)})
    lines = lines_of(distance_over_flops(cells), COLOURS["gan"])
    assert [line.get_xdata()[-1] for line in lines if line.get_marker() == "x"] == [300e9]
    (median,) = (line for line in lines if line.get_linewidth() == 2.4)
    assert len(median.get_xdata()) == 10


def test_nothing_validated_is_said(make_cell):
    cell = Cell(**{**vars(make_cell("gan", 0)), "history": make_cell("gan", 0).history.head(0)})
    texts = [text.get_text() for text in distance_over_flops([cell]).axes[0].texts]
    assert texts == ["no validation history"]


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_equal_figures_give_equal_bytes(make_cells, form, start):
    first, second = (encode(seed_dots(make_cells(seeds=2), "fd"), form) for _ in range(2))
    assert first == second
    assert first.startswith(start)
