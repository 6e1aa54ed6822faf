"""States on disk: whole or not there, checked, rotated, never taken for another training's."""

import errno
import logging
import math
from pathlib import Path

import pytest
import torch

from whichgen.training.checkpoints import PART, Checkpoints, differences

CPU = torch.device("cpu")
IDENTITY = {"seed": 7, "training": {"rate": 0.001, "betas": [0.5, 0.9]}, "code": "a"}


def state(step):
    rng = torch.Generator().manual_seed(step)
    weight = torch.randn(4, 3, 2, 2, generator=rng).to(memory_format=torch.channels_last)
    return {
        "step": step,
        "best_distance": math.inf,
        "elapsed": 0.1 + 0.2,
        "weights": {"a": weight, "rates": [{"lr": 1e-3, "betas": (0.5, 0.9)}]},
        "history": [{"step": 1, "loss": 0.1}],
        "anchor": None,
    }


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", IDENTITY)


def again(checkpoints, **changes):
    """As another process would open them."""
    return Checkpoints(checkpoints.folder.parent, IDENTITY | changes)


def files(checkpoints):
    return sorted(checkpoints.folder.glob("step_*"))


def test_what_was_saved_is_loaded_to_the_last_bit(checkpoints):
    checkpoints.save(state(12))
    loaded, saved = again(checkpoints).load(CPU), state(12)
    assert torch.equal(loaded["weights"].pop("a"), weight := saved["weights"].pop("a"))
    assert loaded == saved
    read = torch.load(files(checkpoints)[0], weights_only=True)
    assert read["weights"]["a"].stride() == weight.stride()


def test_without_a_state_nothing_is_loaded(checkpoints):
    assert checkpoints.load(CPU) is None
    assert not checkpoints.folder.exists()


def test_the_last_three_stay_and_the_newest_is_loaded(checkpoints):
    for step in (5, 9, 10, 100, 101):
        checkpoints.save(state(step))
    assert [int(path.name[5:15]) for path in files(checkpoints)] == [10, 100, 101]
    assert again(checkpoints).load(CPU)["step"] == 101


def test_a_step_that_is_kept_already_is_not_saved_twice(checkpoints):
    checkpoints.save(state(3))
    resumed = again(checkpoints)
    resumed.load(CPU)
    resumed.save(state(3) | {"elapsed": 9.0})
    assert len(files(checkpoints)) == 1
    assert again(checkpoints).load(CPU)["elapsed"] == 0.1 + 0.2


@pytest.mark.parametrize("place", [0, 0.3, 0.5, 0.9, -1])
def test_a_flipped_byte_is_detected_and_the_state_before_is_used(checkpoints, caplog, place):
    checkpoints.save(state(1))
    checkpoints.save(state(2))
    path = files(checkpoints)[1]
    content = bytearray(path.read_bytes())
    content[int(place * len(content)) if place != -1 else -1] ^= 1
    path.write_bytes(content)
    assert again(checkpoints).load(CPU)["step"] == 1
    assert caplog.messages == [f"{path}: damaged, its SHA-256 is another; the one before is used"]
    assert not path.exists()


def test_a_cut_off_file_is_detected_and_with_no_other_left_there_is_none(checkpoints, caplog):
    checkpoints.save(state(1))
    path = files(checkpoints)[0]
    path.write_bytes(path.read_bytes()[:-100])
    assert again(checkpoints).load(CPU) is None
    assert caplog.messages == [f"{path}: damaged, its SHA-256 is another; the training begins anew"]


def test_what_a_kill_left_half_written_is_no_state(checkpoints, caplog):
    checkpoints.save(state(1))
    (checkpoints.folder / PART).write_bytes(b"half")
    resumed = again(checkpoints)
    assert resumed.load(CPU)["step"] == 1
    resumed.save(state(2))
    assert not (checkpoints.folder / PART).exists()
    assert again(checkpoints).load(CPU)["step"] == 2
    assert caplog.messages == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_leaves_the_last_state(checkpoints):
    checkpoints.save(state(1))
    (checkpoints.folder / PART).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        checkpoints.save(state(2))
    assert raised.value.errno == errno.ENOSPC
    assert not (checkpoints.folder / PART).is_symlink()
    assert again(checkpoints).load(CPU)["step"] == 1


def test_another_configuration_is_not_continued_and_the_difference_told(checkpoints, caplog):
    checkpoints.save(state(1))
    changed = again(checkpoints, training={"rate": 0.01, "betas": [0.5, 0.9]})
    assert changed.load(CPU) is None
    assert caplog.record_tuples == [
        (
            "whichgen.training.checkpoints",
            logging.WARNING,
            f"{checkpoints.folder}: of a training with another configuration or code "
            "(training.rate: 0.001, now 0.01), not continued; the former one goes on with it, "
            "removing the folder drops it",
        )
    ]
    changed.save(state(5))
    assert again(checkpoints).load(CPU)["step"] == 1


def test_discarding_leaves_other_trainings_alone(checkpoints):
    changed = again(checkpoints, code="b")
    for one in (checkpoints, changed):
        one.save(state(1))
        one.discard()
        assert not one.folder.exists()
    assert not checkpoints.folder.parent.exists()
    checkpoints.save(state(1))
    changed.discard()
    assert again(checkpoints).load(CPU)["step"] == 1


def test_a_save_is_due_by_the_clock(tmp_path):
    assert Checkpoints(tmp_path, IDENTITY, every_seconds=0).due
    later = Checkpoints(tmp_path, IDENTITY, every_seconds=3600)
    assert not later.due


def test_differences_name_every_leaf():
    then = {"a": 1, "b": {"c": 2, "d": [1]}, "e": {"f": 3}, "same": 0}
    now = {"a": 1.5, "b": {"c": 2, "d": [1, 2]}, "g": None, "h": 4, "same": 0}
    assert differences(then, now) == [
        "a: 1, now 1.5",
        "b.d: [1], now [1, 2]",
        "e: {'f': 3}, now None",
        "h: None, now 4",
    ]
