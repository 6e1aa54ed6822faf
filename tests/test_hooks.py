"""Which errors become one line, and what a run says at its end."""

import errno

import pytest
from kedro.io import DataCatalog, DatasetError
from kedro_datasets.json import JSONDataset

from tests.training.conftest import GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.hooks import NEXT, SHOWN, TrainingHooks, closing_word, explain
from whichgen.pipeline_registry import register_pipelines
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.spec import CellSpec


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
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "the disk is full: make room and run the same command again; finished files and the "
            "last checkpoint stay",
        ),
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


def test_checkpoints_are_cleared_when_the_run_is_over_and_not_before(tmp_path):
    spec = CellSpec(
        dataset="squares", name="gan", seed=0, recipe=GAN, trunk=TRUNK, budget_flops=1e9,
        data_hash="d", extractor_hash="e",
    )  # fmt: skip
    checkpoints = Checkpoints(tmp_path / "gan", spec.identity())
    checkpoints.save({"step": 1})
    [node] = [n for n in register_pipelines()["gan"].nodes if "train" in n.tags]
    inputs, hooks = {"gan_spec": spec, "gan_checkpoints_folder": tmp_path / "gan"}, TrainingHooks()
    hooks.before_pipeline_run()
    hooks.after_node_run(node, inputs)
    assert checkpoints.folder.exists()
    hooks.before_pipeline_run()  # that run came to no end; another begins
    hooks.after_pipeline_run()
    assert checkpoints.folder.exists()
    hooks.after_node_run(node, inputs)
    hooks.after_pipeline_run()
    assert not (tmp_path / "gan").exists()


def test_what_is_next_names_the_dataset(tmp_path):
    absent = JSONDataset(filepath=str(tmp_path / "absent.json"))
    catalog = DataCatalog({"verdict": absent, "report": absent})
    word = closing_word(["__default__"], catalog, "flowers")
    assert word.startswith("Results:\nNext: whichgen report open --dataset flowers; ")
