"""Every metric on features refuses the same mistakes, and does not mind float32."""

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from whichgen.metrics import (
    auth_pct,
    c2st,
    clipped_density_coverage,
    closest_pairs,
    data_copying,
    density_coverage,
    frechet_by_type,
    frechet_distance,
    frechet_infinity,
    gan_test,
    gan_train,
    kernel_distance,
    memorisation,
    precision_recall,
    vendi,
)
from whichgen.metrics.inputs import checked_features

TYPES = np.arange(40) % 2
typed = {"real_types": TYPES, "fake_types": TYPES}
METRICS: dict[Callable[..., Any], tuple[str, ...]] = {
    frechet_distance: ("real", "fake"),
    frechet_infinity: ("real", "fake"),
    kernel_distance: ("real", "fake"),
    precision_recall: ("real", "fake"),
    density_coverage: ("real", "fake"),
    clipped_density_coverage: ("real", "fake"),
    vendi: ("features",),
    partial(frechet_by_type, n_types=2, **typed): ("real", "fake"),
    partial(gan_train, **typed): ("fake", "real"),
    partial(gan_test, **typed): ("real", "fake"),
    c2st: ("real", "fake"),
    memorisation: ("fake", "train", "held_out"),
    closest_pairs: ("fake", "train", "held_out"),
    auth_pct: ("train", "fake"),
    partial(data_copying, cells=1): ("train", "fake", "held_out"),
}


def name_of(value: Any) -> str:
    return str(getattr(getattr(value, "func", value), "__name__", value))


def has_types(metric: Callable[..., Any]) -> bool:
    return isinstance(metric, partial) and "real_types" in metric.keywords


ARGUMENTS = [(metric, name) for metric, names in METRICS.items() for name in names]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=name_of)
every_argument = pytest.mark.parametrize(("metric", "name"), ARGUMENTS, ids=name_of)
several_sets = pytest.mark.parametrize(
    "metric", [metric for metric, names in METRICS.items() if len(names) > 1], ids=name_of
)


def sets(metric: Callable[..., Any], n: int = 40) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=(n, 3)) for name in METRICS[metric]}


@every_argument
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(metric: Callable[..., Any], name: str, bad: float) -> None:
    arguments = sets(metric)
    arguments[name][7, 1] = bad
    with pytest.raises(ValueError, match=f"^{name} holds NaN or infinity"):
        metric(**arguments)


@every_argument
@pytest.mark.parametrize("shape", [(40,), (40, 3, 1), (40, 0), ()])
def test_other_dimensions_are_refused(
    metric: Callable[..., Any], name: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=f"^{name} must have shape"):
        metric(**sets(metric) | {name: np.zeros(shape)})


@several_sets
def test_unequal_widths_are_refused(metric: Callable[..., Any]) -> None:
    first, second, *_ = METRICS[metric]
    with pytest.raises(ValueError, match=f"^{second} has 4 features a row, {first} 3"):
        metric(**sets(metric) | {second: np.zeros((40, 4))})


@every_argument
def test_what_is_not_a_number_is_refused(metric: Callable[..., Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must hold real numbers"):
        metric(**sets(metric) | {name: np.full((40, 3), "1")})


@pytest.mark.parametrize(
    ("metric", "rows"),
    [
        (frechet_distance, 1),
        (frechet_infinity, 7),
        (kernel_distance, 1),
        (precision_recall, 3),
        (density_coverage, 5),
        (clipped_density_coverage, 5),
        (c2st, 4),
    ],
)
@pytest.mark.parametrize("name", ["real", "fake"])
def test_too_few_rows_are_refused(metric: Callable[..., Any], rows: int, name: str) -> None:
    arguments = sets(metric)
    with pytest.raises(ValueError, match=f"^{name} has {rows} rows; at least {rows + 1}"):
        metric(**arguments | {name: arguments[name][:rows]})


@pytest.mark.parametrize("metric", [precision_recall, density_coverage, clipped_density_coverage])
def test_a_neighbour_count_below_one_is_refused(metric: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"^k must be 1 or more, not 0"):
        metric(**sets(metric), k=0)


@every_metric
def test_float32_gives_what_the_same_numbers_in_float64_give(metric: Callable[..., Any]) -> None:
    single = {name: values.astype(np.float32) for name, values in sets(metric).items()}
    double = {name: values.astype(np.float64) for name, values in single.items()}
    assert metric(**single) == metric(**double)


@every_metric
def test_the_callers_arrays_are_left_alone(metric: Callable[..., Any]) -> None:
    arguments = sets(metric)
    metric(**arguments)
    for name, values in sets(metric).items():
        np.testing.assert_array_equal(arguments[name], values)


def test_checked_features_are_float64_and_keep_their_values() -> None:
    checked = checked_features({"real": np.array([[1, 2], [3, 4]], dtype=np.uint8)}, at_least=2)
    assert checked[0].dtype == np.float64
    np.testing.assert_array_equal(checked[0], [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("metric", [m for m in METRICS if not has_types(m)], ids=name_of)
def test_memory_stays_far_below_the_square_of_the_rows(metric: Callable[..., Any]) -> None:
    metric(**sets(metric))  # imports what it needs
    n = 4000
    arguments = sets(metric, n=n)
    tracemalloc.start()
    metric(**arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n**2 * 8 / 3  # bytes; one matrix of all distances is 128 MB
