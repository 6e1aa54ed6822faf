"""A training that is stopped anywhere goes on where it was and ends in the same bytes."""

import json
import logging
import math
import random
import signal
from functools import partial

import numpy as np
import pytest
import torch

from tests.training.conftest import DGN, GAN
from whichgen.objectives.adversarial import ADVERSARIAL, RelativisticR1R2
from whichgen.objectives.direct import DIRECT, Drifting
from whichgen.parameters import Encoder
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import PART, Checkpoints
from whichgen.training.process import Stopped

ENCODED = DGN.model_copy(
    update={"encoder": Encoder(width=8, features=5, images_seen=600, batch=30, rate=3e-3)}
)
EVERY = pytest.mark.parametrize("recipe", [GAN, DGN, ENCODED], ids=["gan", "dgn", "encoded"])
BOTH = pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])


class Disturbance:
    """What happens at which call of the objective; the first call prices a step."""

    def __init__(self):
        self.calls, self.signal_at, self.broken_at = 0, frozenset(), frozenset()

    def __call__(self, loss):
        self.calls += 1
        if self.calls - 2 in self.signal_at:
            signal.raise_signal(signal.SIGTERM)
        return loss * math.nan if self.calls - 2 in self.broken_at else loss


class DisturbedGan(RelativisticR1R2):
    def __init__(self, disturbance, *, gamma):
        super().__init__(gamma=gamma)
        self.disturbance = disturbance

    def __deepcopy__(self, memo):
        return self

    def generator_loss(self, discriminator, real, fake):
        loss, terms = super().generator_loss(discriminator, real, fake)
        return self.disturbance(loss), terms


class DisturbedDgn(Drifting):
    def __init__(self, disturbance, **options):
        super().__init__(**options)
        self.disturbance = disturbance

    def __deepcopy__(self, memo):
        return self

    def __call__(self, fake, real, noise):
        loss, terms = super().__call__(fake, real, noise)
        return self.disturbance(loss), terms


@pytest.fixture
def disturbance(monkeypatch):
    """The shipped objectives, but for what the test asks to happen."""
    one = Disturbance()
    monkeypatch.setitem(ADVERSARIAL, "relativistic_r1_r2", partial(DisturbedGan, one))
    monkeypatch.setitem(DIRECT, "drifting", partial(DisturbedDgn, one))
    return one


@pytest.fixture
def cell(spec):
    """About 30 steps of a GAN or 120 of a DGN."""
    return partial(spec, budget=7e8)


@pytest.fixture
def run(splits, info, extractor, tmp_path):
    """Train the cell in a folder of that name, as one process would."""

    def go(spec, name, every_seconds=3600.0):
        folder = tmp_path / name
        return train_cell(
            spec,
            train_split=splits["train"],
            validation_split=splits["val"],
            info=info,
            extractor=extractor,
            live=folder / "live",
            checkpoints=Checkpoints(folder / "ckpt", spec.identity(), every_seconds=every_seconds),
        )

    return go


@pytest.fixture
def stop_and_go_on(run, disturbance):
    """Stop by SIGTERM at each of these steps of the process, then go on to the end."""

    def go(spec, name, stops):
        for at in stops:
            disturbance.calls, disturbance.signal_at = 0, {at}
            with pytest.raises(Stopped):
                run(spec, name)
        disturbance.calls, disturbance.signal_at = 0, frozenset()
        return run(spec, name)

    return go


def live_files(folder):
    """All that is the same on every run, by name."""
    names = ("config.json", "history.jsonl", *(f"previews/{p.name}" for p in previews(folder)))
    return {name: (folder / "live" / name).read_bytes() for name in names}


def previews(folder):
    return sorted((folder / "live/previews").iterdir())


def assert_same_end(one, other):
    (trained, record, _), (again, its_record, _) = one, other
    assert record == its_record
    assert trained.history == again.history
    weights, its_weights = trained.generator.state_dict(), again.generator.state_dict()
    assert all(torch.equal(weights[name], its_weights[name]) for name in weights)


@EVERY
def test_stopped_and_continued_ends_in_the_same_bytes(
    recipe, cell, run, stop_and_go_on, disturbance, tmp_path
):
    whole = run(cell(recipe), "whole")
    pieces = stop_and_go_on(cell(recipe), "pieces", [0, 1, 11, 5])
    assert whole[0].steps > 20
    assert_same_end(whole, pieces)
    assert live_files(tmp_path / "whole") == live_files(tmp_path / "pieces")


@EVERY
def test_saving_at_every_step_changes_nothing(recipe, cell, run):
    assert_same_end(run(cell(recipe), "never"), run(cell(recipe), "always", every_seconds=0.0))


def test_a_stop_says_how_to_go_on_and_shows_in_the_status(cell, run, disturbance, tmp_path, caplog):
    disturbance.signal_at = {7}
    with pytest.raises(Stopped) as stopped:
        run(cell(GAN), "cell")
    assert stopped.value.code == 143
    folder = Checkpoints(tmp_path / "cell/ckpt", cell(GAN).identity()).folder
    assert caplog.messages[-1] == (
        f"small on squares, seed 0: stopped by SIGTERM after 8 steps, saved in {folder}; "
        "the same command goes on from there"
    )
    status = json.loads((tmp_path / "cell/live/status.json").read_text())
    assert (status["state"], status["error"]) == ("stopped", None)


def test_seconds_spent_before_a_stop_count(cell, run, stop_and_go_on, tmp_path):
    trained, _, measured = stop_and_go_on(cell(ENCODED), "cell", [9, 9])
    assert trained.seconds == sorted(trained.seconds)
    assert trained.seconds[0] > 0
    assert measured["seconds"] == trained.seconds[-1]
    lines = (tmp_path / "cell/live/timing.jsonl").read_text().splitlines()
    written = [json.loads(line)["seconds"] for line in lines]
    assert written == pytest.approx(trained.seconds, abs=6e-4)


def test_a_resumed_dgn_does_not_fit_its_encoder_again(cell, stop_and_go_on, caplog):
    caplog.set_level(logging.INFO)
    stop_and_go_on(cell(ENCODED), "cell", [3, 3, 3])
    begun = [message for message in caplog.messages if message.startswith("encoder: ")]
    assert begun == ["encoder: training starts, 20 steps"]


def test_what_a_killed_process_wrote_after_its_checkpoint_is_cut_off(
    cell, run, stop_and_go_on, disturbance, tmp_path
):
    whole = run(cell(DGN), "whole")
    disturbance.calls, disturbance.signal_at = 0, {whole[0].steps // 2}
    with pytest.raises(Stopped):
        run(cell(DGN), "cell")
    live = tmp_path / "cell/live"
    with (live / "history.jsonl").open("a") as file:
        file.write('{"step": 1000000, "loss": 1.0}\n{"step": 1000001, "lo')
    (live / "previews/step_01000000.png").write_bytes(b"half a pic")
    assert_same_end(whole, stop_and_go_on(cell(DGN), "cell", []))
    assert live_files(tmp_path / "whole") == live_files(tmp_path / "cell")


def test_a_finished_training_asked_for_again_has_nothing_to_do(cell, run, disturbance):
    first = run(cell(GAN), "cell")
    disturbance.calls = 0
    assert_same_end(first, run(cell(GAN), "cell"))
    assert disturbance.calls == 1  # the price of a step


@BOTH
def test_a_damaged_checkpoint_costs_time_and_no_bytes(
    recipe, cell, run, stop_and_go_on, disturbance, tmp_path, caplog
):
    whole = run(cell(recipe), "whole")
    disturbance.calls, disturbance.signal_at = 0, {20}
    with pytest.raises(Stopped):
        run(cell(recipe), "cell", every_seconds=0.0)
    newest = max((tmp_path / "cell/ckpt").glob("*/step_*"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    assert_same_end(whole, stop_and_go_on(cell(recipe), "cell", []))
    assert "damaged" in caplog.text


def test_a_changed_recipe_begins_anew_and_the_former_goes_on(
    cell, run, stop_and_go_on, disturbance, caplog
):
    other = GAN.model_copy(update={"training": GAN.training.model_copy(update={"rate": 1e-3})})
    whole, whole_other = run(cell(GAN), "whole"), run(cell(other), "other")
    disturbance.calls, disturbance.signal_at = 0, {20}
    with pytest.raises(Stopped):
        run(cell(GAN), "cell")
    assert_same_end(whole_other, stop_and_go_on(cell(other), "cell", []))
    assert "(training.rate: 0.002, now 0.001), not continued" in caplog.text
    disturbance.calls = 0
    assert_same_end(whole, run(cell(GAN), "cell"))
    assert disturbance.calls < whole[0].steps


def test_a_full_disk_stops_and_leaves_the_last_state(cell, run, disturbance, tmp_path):
    whole = run(cell(DGN), "whole")
    disturbance.calls, disturbance.signal_at = 0, {20}
    with pytest.raises(Stopped):
        run(cell(DGN), "cell")
    folder = Checkpoints(tmp_path / "cell/ckpt", cell(DGN).identity()).folder
    (folder / PART).symlink_to("/dev/full")
    disturbance.calls, disturbance.signal_at = 0, {10}
    with pytest.raises(OSError, match="No space left"):
        run(cell(DGN), "cell")
    assert json.loads((tmp_path / "cell/live/status.json").read_text())["state"] == "failed"
    disturbance.calls, disturbance.signal_at = 0, frozenset()
    assert_same_end(whole, run(cell(DGN), "cell"))
    assert disturbance.calls == whole[0].steps - 21 + 1


@BOTH
def test_training_draws_from_no_global_generator(recipe, cell, run):
    def drawn():  # NumPy's global generator is looked at, not used
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = drawn()
    run(cell(recipe), "cell")
    assert drawn() == before


@BOTH
def test_one_broken_loss_is_rolled_back_from_at_half_the_rate(
    recipe, cell, run, disturbance, caplog
):
    disturbance.broken_at = {10}
    trained, record, _ = run(cell(recipe), "cell")
    assert record["status"] == "ok"
    assert record["cost"]["training_flops"] == trained.history[-1]["flops"]
    until = next(i for i, row in enumerate(trained.history) if row["step"] > 10)
    scales = [row.get("rate_scale") for row in trained.history]
    assert scales == [None] * (until + 1) + [0.5] * (len(scales) - until - 1)
    told = [message for message in caplog.messages if "not finite" in message]
    assert len(told) == 1
    looks = [row["step"] for row in trained.history[:until] if "validation_fd" in row]
    back_to = max(looks, default=0)
    assert told[0].endswith(f"back to the weights of step {back_to}, at 0.5 times the rate")


@BOTH
def test_a_rollback_ends_in_the_same_bytes_wherever_it_was_stopped(recipe, cell, run, disturbance):
    disturbance.broken_at = {10}
    whole = run(cell(recipe), "whole")
    for name, stop, broken in (("before", 7, 10 - 8), ("between", 11, None), ("after", 20, None)):
        disturbance.calls, disturbance.signal_at, disturbance.broken_at = 0, {stop}, {10}
        with pytest.raises(Stopped):
            run(cell(recipe), name)
        disturbance.calls, disturbance.signal_at, disturbance.broken_at = 0, set(), {broken}
        assert_same_end(whole, run(cell(recipe), name))


@BOTH
def test_a_second_broken_loss_ends_as_a_failed_run_with_the_best_weights(
    recipe, cell, run, disturbance, tmp_path
):
    disturbance.broken_at = {10, 24}
    trained, record, _ = run(cell(recipe), "cell")
    assert record["status"] == "failed"
    assert "not finite" in record["error"]
    assert trained.history[-1]["step"] < trained.steps
    assert all(torch.isfinite(w).all() for w in trained.generator.state_dict().values())
    status = json.loads((tmp_path / "cell/live/status.json").read_text())
    assert (status["state"], status["error"]) == ("failed", record["error"])
