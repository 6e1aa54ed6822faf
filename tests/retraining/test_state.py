"""The state goes forward stage by stage, and is whole or as it was."""

from pathlib import Path

import pytest

from whichgen.errors import WhichgenError
from whichgen.retraining.inputs import Inputs
from whichgen.retraining.record import Record
from whichgen.retraining.state import STAGES, State, Unfinished, load_state, save_state
from whichgen.retraining.validation import Known

INPUTS = Inputs(raw="a", configuration="b")
KNOWN = Known(types=("cat", "dog"), labelled=True, images=40)
BEGUN = Unfinished(began="20261124T120000Z", inputs=INPUTS, reasons=["new images"], champion="3")


def promotion(decision, before, after, candidate):
    return {
        "decision": decision, "champion_before": before, "champion_after": after,
        "candidate": {"version": candidate}, "reasons": ["so it is"],
    }  # fmt: skip


def test_stage_by_stage_to_the_end(tmp_path):
    state, seen = State(owed=frozenset({"push"})).begin(BEGUN, KNOWN), []
    said = promotion("promoted", "3", "4", "4")
    while state.unfinished:
        save_state(tmp_path, state)
        state = load_state(tmp_path)
        assert state.known == KNOWN
        waits = state.unfinished.waits_for_promotion("b")
        seen.append((state.unfinished.stage, waits))
        assert not state.unfinished.waits_for_promotion("another configuration")
        state = state.after(state.unfinished.stage, said)
        if state.unfinished and waits:
            assert state.unfinished.promotion == said
    assert [stage for stage, _ in seen] == list(STAGES)
    assert [stage for stage, waits in seen if not waits] == ["data", "train", "compare"]
    assert state == State(trained=INPUTS, owed=frozenset({"push"}))


def test_what_is_owed_is_tried_until_it_is_done():
    state = State().owing("push", still=True).owing("publish", still=True)
    assert state.owed == {"push", "publish"}
    assert state.owing("push", still=False).owing("push", still=False).owed == {"publish"}


def test_a_damaged_state_is_named_with_the_way_out(tmp_path):
    assert load_state(tmp_path) == State()
    (tmp_path / "state.json").write_text('{"trained": null, "unfin')
    with pytest.raises(WhichgenError, match=r"state\.json: damaged; remove it"):
        load_state(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_on_a_full_disk_the_state_before_stays(tmp_path):
    save_state(tmp_path, State(trained=INPUTS))
    (tmp_path / "state.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        save_state(tmp_path, State())
    assert load_state(tmp_path) == State(trained=INPUTS)


@pytest.mark.parametrize(
    ("said", "decision", "headline"),
    [
        (promotion("promoted", "3", "4", "4"), "promoted", "promoted version 4 in the place of 3"),
        (promotion("kept", "3", "3", "4"), "kept", "kept version 3"),
        (promotion("refused", "3", "3", None), "kept", "kept version 3 (refused)"),
        (promotion("disabled", None, None, None), "kept", "no champion (disabled)"),
        # It was killed when the alias had moved, and the second run found its own version there.
        (promotion("kept", "4", "4", "4"), "promoted", "promoted version 4 in the place of 3"),
        # The same files once more: what they made is champion already.
        (promotion("kept", "3", "3", "3"), "kept", "kept version 3"),
    ],
)
def test_what_a_promotion_said_becomes_the_records_decision(said, decision, headline):
    record = Record(dataset="pets")
    record.decide(BEGUN.model_copy(update={"promotion": said}))
    assert record.decision == decision
    assert record.summary == f"pets: {headline}: so it is"
