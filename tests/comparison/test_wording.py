"""Numbers as a reader sees them."""

import math

import pytest

from whichgen.comparison.wording import duration, in_unit, listed, number, p_value, scaled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.345, "12.3"), (0.05, "0.0500"), (123.4, "123"), (12345.6, "12,346"), (10.0, "10"),
        (-0.207, "-0.207"),
        (-0.0, "0"), (2.5e7, "2.50e+07"), (1e-6, "1.00e-06"), (0, "0"),
        (None, "n/a"), (math.nan, "n/a"), (math.inf, "n/a"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


def test_scaled_and_units():
    assert scaled(1.234e12, "FLOPs") == "1.23 TFLOPs"
    assert scaled(40_000) == "40.0 k"
    assert scaled(12.0, "B") == "12.0 B"
    assert scaled(2e11, digits=1) == "200 G"
    assert scaled(None) == "n/a"
    assert in_unit("flops_to_common_target", 5e9) == "5.00 GFLOPs"
    assert in_unit("coverage", 0.5) == "0.500"


def test_duration_in_the_unit_that_fits():
    assert [duration(s) for s in (20, 600, 9000)] == ["20.0 s", "10.0 min", "2.50 h"]


def test_p_values():
    texts = [p_value(p) for p in (0.0625, 0.03125, 0.5, 1e-6, None)]
    assert texts == ["0.0625", "0.0312", "0.50", "< 0.0001", "n/a"]


def test_lists():
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
