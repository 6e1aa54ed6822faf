"""Which errors become one line, and what a run says at its end."""

import errno

import pytest
from kedro.io import DatasetError

from whichgen.errors import WhichgenError
from whichgen.hooks import NEXT, SHOWN, explain
from whichgen.pipeline_registry import register_pipelines


def wrapped(cause: Exception) -> Exception:
    """As Kedro passes on what goes wrong while a dataset is saved."""
    try:
        raise DatasetError("Failed while saving data") from cause
    except DatasetError as error:
        return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WhichgenError("budget: too small"), "budget: too small"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "x.csv"), "x.csv: no permission"),
    ],
)  # fmt: skip
def test_what_a_user_can_mend_is_one_line_however_deep_it_lies(error, said):
    for shape in (error, wrapped(error), wrapped(wrapped(error))):
        message = explain(shape)
        assert message is not None
        assert message.startswith(said)
        assert "\n" not in message


def test_a_programming_error_is_left_as_it_is():
    assert explain(wrapped(ZeroDivisionError("division by zero"))) is None


def test_every_pipeline_says_where_its_results_are_and_what_is_next():
    assert set(register_pipelines()) == set(SHOWN) == set(NEXT)
