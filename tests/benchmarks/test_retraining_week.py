"""The week is what it says, and a wrong decision is seen."""

import numpy as np
import pytest

from benchmarks.retraining_week import arrive, week, wrong
from whichgen.retraining.inputs import hash_folder

DAYS = week()


def record(day):
    return {"decision": day.decision, "stage": day.stage, "triggers": [day.trigger], "reasons": []}


def test_only_the_third_day_brings_what_was_there_before(tmp_path):
    hashes = []
    for day in DAYS:
        arrive(tmp_path / "incoming", day.folders)
        hashes.append(hash_folder(tmp_path / "incoming"))
    assert len(hashes) == 7
    assert hashes[1] == hashes[2]
    assert len(set(hashes)) == 6


def test_the_sixth_day_is_half_made_of_darker_images():
    before, after = DAYS[1].folders["3"], DAYS[5].folders["3"]
    old, new = after[: len(before)], after[len(before) :]
    np.testing.assert_array_equal(old, before)
    assert len(new) == len(old)
    assert new.max() == 153  # 0.6 of white


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.title)
def test_what_was_decided_wrongly_is_told(day):
    right = record(day)
    code = 1 if day.decision == "failed" else 0
    assert wrong(day, code, right) == []
    assert len(wrong(day, 1 - code, right)) == 1
    assert len(wrong(day, code, right | {"decision": "else", "stage": "else"})) == 2
    assert len(wrong(day, code, right | {"triggers": ["for another reason"]})) == 1
