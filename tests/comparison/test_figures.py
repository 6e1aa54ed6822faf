"""What the figures draw."""

import re

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.figures import (
    COLOURS,
    best_of_n,
    distance_over_flops,
    distance_over_seconds,
    encode,
    inline_svg,
    seed_dots,
    tradeoff,
    type_shares,
)
from whichgen.comparison.phrases import nouns_of

IMAGES = nouns_of({})


def lines_of(chart, colour):
    return [line for line in chart.axes.get_lines() if line.get_color() == colour]


def test_a_dot_a_seed_and_the_floor(make_cells):
    cells = make_cells(seeds=4, gan={"fd": 20.0})
    axes = seed_dots(cells, "fd", IMAGES).axes
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
    chart = draw(make_cells(seeds=3))
    for colour in COLOURS.values():
        lines = lines_of(chart, colour)
        assert sorted(line.get_linewidth() for line in lines) == [0.8, 0.8, 0.8, 2.4]
        assert {line.get_xdata()[-1] for line in lines} == {last}
    axes = chart.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_a_failed_run_ends_in_a_cross_and_is_not_in_the_median(make_cells):
    cells = make_cells(seeds=3)
    cells[0] = Cell(**{**vars(cells[0]), "status": "failed", "history": cells[0].history.head(6)})
    lines = lines_of(distance_over_flops(cells), COLOURS["gan"])
    assert [line.get_xdata()[-1] for line in lines if line.get_marker() == "x"] == [300e9]
    (median,) = (line for line in lines if line.get_linewidth() == 2.4)
    assert len(median.get_xdata()) == 10


def test_nothing_measured_is_no_figure(make_cell):
    cell = Cell(**{**vars(make_cell("gan", 0)), "history": make_cell("gan", 0).history.head(0)})
    assert distance_over_flops([cell]) is None
    bare = Cell(**{**vars(cell), "scores": {}, "per_type": {}})
    assert seed_dots([bare], "fd", IMAGES) is None
    assert tradeoff([bare], "coverage", "fd") is None
    assert type_shares([bare], ["gan"], ["a", "b"], IMAGES) is None
    assert best_of_n({}) is None


def test_lines_are_named_at_their_ends_and_the_names_do_not_overlap(make_cells):
    chart = distance_over_flops(make_cells(seeds=2), ["gan", "dgn"])
    names = {text.get_text(): text.xy[1] for text in chart.axes.texts}
    assert set(names) == {"gan", "dgn"}
    assert abs(names["gan"] - names["dgn"]) >= 0.07


def test_the_front_joins_what_no_recipe_beats_on_both(make_cell):
    points = {"gan_a": (0.9, 2.0), "gan_b": (0.8, 3.0), "dgn_a": (0.95, 4.0), "dgn_b": (0.5, 1.0)}
    cells = [
        make_cell(name[:3], 0, recipe=name, scores={"coverage": x, "fd": y})
        for name, (x, y) in points.items()
    ]
    (front,) = tradeoff(cells, "coverage", "fd").axes.get_lines()
    assert front.get_xydata().tolist() == [[0.5, 1.0], [0.9, 2.0], [0.95, 4.0]]


def test_shares_of_types_are_medians_beside_the_real_shares(make_cell):
    cells = [
        make_cell("dgn", seed, per_type={"share": share, "real_share": [0.25, 0.75]})
        for seed, share in enumerate(([0.5, 0.5], [0.3, 0.7], [0.2, 0.8]))
    ]
    chart = type_shares(cells, ["gan", "dgn"], ["cat", "dog"], IMAGES)
    assert [bar.get_height() for bar in chart.axes.patches] == [0.25, 0.75]
    assert [text for *_, text in chart.marks] == [
        "dgn, type cat: 0.300, real 0.250",
        "dgn, type dog: 0.700, real 0.750",
    ]


def test_every_value_on_the_page_lies_on_its_dot(make_cells):
    """The circles that answer to the pointer are where matplotlib drew the markers."""
    svg = inline_svg(seed_dots(make_cells(seeds=3), "coverage", IMAGES))
    drawn = {
        (float(x), float(y))
        for x, y in re.findall(r'<use xlink:href="#\w+" x="([\d.]+)" y="([\d.]+)"', svg)
    }
    marks = {(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)}
    assert len(marks) == 6
    for x, y in marks:
        assert min(abs(x - a) + abs(y - b) for a, b in drawn) < 0.3
    assert "gan, seed 0: 0.800" in svg


def test_a_chart_on_the_page_takes_its_colours_and_clashes_with_nothing(make_cells):
    svg = inline_svg(distance_over_flops(make_cells(seeds=2)))
    assert svg.startswith('<svg role="group" class="chart" aria-label="Validation distance')
    assert not re.search("#4d5560|#d9601a|#2b83c9|<style|<metadata|DejaVu", svg)
    assert "var(--gan)" in svg
    assert not re.search(r' id="(figure|axes|text|patch)_1"', svg)


@pytest.mark.parametrize(("form", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_equal_figures_give_equal_bytes(make_cells, form, start):
    first, second = (
        encode(seed_dots(make_cells(seeds=2), "fd", IMAGES).figure, form) for _ in range(2)
    )
    assert first == second
    assert first.startswith(start)
