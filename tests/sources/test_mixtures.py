"""The ring and the grid: as many modes, at their places, as wide and as frequent as they say."""

from pathlib import Path

import numpy as np
import pytest

from whichgen.errors import WhichgenError
from whichgen.sources import load_source


def load(name, **options):
    return load_source(name, Path("not there"), {"samples": 20_000, **options}, "points")


@pytest.mark.parametrize(
    ("name", "modes", "deviation", "apart"),
    [("ring", 8, 0.01, 2 * np.sin(np.pi / 8)), ("grid", 25, 0.05, 2.0)],
)
def test_samples_lie_about_the_modes_that_they_are_of(name, modes, deviation, apart):
    data = load(name)
    assert data.images.dtype == np.float32
    assert data.modes.centres.shape == (modes, 2)
    away = data.images - data.modes.centres[data.labels]
    np.testing.assert_allclose(away.std(axis=0), deviation, rtol=0.03)
    np.testing.assert_allclose(away.mean(axis=0), 0, atol=4 * deviation / 20_000**0.5)
    counts = np.bincount(data.labels, minlength=modes)
    assert ((counts - 20_000 / modes) ** 2 / (20_000 / modes)).sum() < 2 * modes  # χ²
    between = np.linalg.norm(data.modes.centres[:, None] - data.modes.centres, axis=2)
    assert between[~np.eye(modes, dtype=bool)].min() == pytest.approx(apart)


def test_the_ring_has_radius_1_and_the_grid_is_around_0():
    np.testing.assert_allclose(np.linalg.norm(load("ring").modes.centres, axis=1), 1)
    centres = load("grid").modes.centres
    assert (centres.min(), centres.max()) == (-4, 4)
    np.testing.assert_allclose(centres.mean(axis=0), 0)


def test_the_modes_can_be_kept_from_everybody():
    known, unknown = load("ring"), load("ring", labels=False)
    assert (unknown.labels, unknown.type_names) == (None, None)
    np.testing.assert_array_equal(known.images, unknown.images)
    np.testing.assert_array_equal(unknown.modes.centres, known.modes.centres)  # for the evaluation


def test_the_seed_decides_the_samples():
    first, again, other = load("grid"), load("grid"), load("grid", seed=1)
    assert first.images.tobytes() == again.images.tobytes() != other.images.tobytes()


@pytest.mark.parametrize("options", [{"deviation": 0.0}, {"modes": 0}, {"samples": -1}])
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(WhichgenError, match=f"ring: {next(iter(options))} is .* must be above 0"):
        load("ring", **options)


def test_a_source_of_another_modality_is_refused():
    with pytest.raises(WhichgenError, match="'ring' is unknown; known of modality image: digits"):
        load_source("ring", Path(), {})
    with pytest.raises(WhichgenError, match="modality: 'tables' is not one of image, points"):
        load_source("ring", Path(), {}, "tables")
