"""Points as they are described, shown and written."""

import io

import numpy as np
import pyarrow as pa
import pytest

from whichgen.forms import form_of, measure_form
from whichgen.forms.points import FAKE, REAL, PointForm
from whichgen.forms.scatter import DOT, SIDE


@pytest.fixture
def points():
    return np.random.default_rng(0).normal([1.0, -2.0], [0.5, 3.0], (500, 2)).astype(np.float32)


@pytest.fixture
def form(points):
    return form_of(measure_form("points", points))


def test_the_description_holds_the_training_splits_constants(points, form):
    described = form.description()
    assert (described["modality"], form.shape) == ("points", (2,))
    np.testing.assert_allclose(described["mean"], points.mean(0, np.float64))
    np.testing.assert_allclose(described["deviation"], points.std(0, dtype=np.float64))
    assert form_of(described).description() == described


def test_a_number_that_never_changes_is_not_divided_by_0():
    same = np.full((4, 2), 3.0, np.float32)
    assert PointForm.measure(same)["deviation"] == [1.0, 1.0]


def test_a_picture_shows_each_point_at_its_place_and_generated_ones_on_top():
    form = form_of({"modality": "points", "dimension": 2, "low": [0.0, 0.0], "high": [1.0, 1.0]})
    corner = np.array([[-0.1, 1.1]])  # the frame's margin is a tenth
    picture = form.picture(corner, 1, among=np.array([[1.1, -0.1], [-0.1, 1.1]]))
    assert picture.shape == (SIDE, SIDE, 3)
    assert (picture[:DOT, :DOT] == FAKE).all()  # above on the left
    assert (picture[-DOT:, -DOT:] == REAL).all()  # below on the right
    assert (picture != 255).any(axis=2).sum() == 2 * DOT**2


def test_what_is_far_off_is_seen_on_the_edge_and_what_is_not_finite_is_left_out():
    form = form_of({"modality": "points", "dimension": 2, "low": [0.0, 0.0], "high": [1.0, 1.0]})
    far = form.picture(np.array([[1e9, 0.5], [np.nan, 0.0]]), 1)
    (rows, columns) = np.nonzero((far != 255).any(axis=2))
    assert len(rows) == DOT**2
    assert set(columns) == set(range(SIDE - DOT, SIDE))


def test_points_of_one_number_lie_on_a_line_and_types_have_colours_of_their_own():
    line = np.linspace(0, 1, 40, dtype=np.float32)[:, None]
    form = form_of(measure_form("points", line))
    coloured = form.picture_by_type(line, np.arange(40) % 3, 1)
    drawn = coloured[(coloured != 255).any(axis=2)]
    assert len(np.unique(drawn, axis=0)) == 3
    assert (coloured != 255).any(axis=(1, 2)).sum() == DOT


def test_a_file_and_a_column_give_the_point_back(points, form):
    read = np.load(io.BytesIO(form.encode(points[0])), allow_pickle=False)
    np.testing.assert_array_equal(read, points[0])
    column = pa.array([form.column(p, "x.npy") for p in points], type=form.column_type())
    flat = column.flatten().to_numpy().reshape(-1, 2)
    np.testing.assert_array_equal(flat, points)
