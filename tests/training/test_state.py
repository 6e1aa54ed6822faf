"""A training's state: all of it is in its dictionary, and a rollback undoes only the weights."""

import copy
import io

import pytest
import torch

from tests.training.conftest import DGN, GAN, TRUNK
from whichgen.training.build import build_update
from whichgen.training.state import TrainingState

BOTH = pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])


@pytest.fixture
def begin(splits, info):
    """An update and its state, before the first step."""

    def make(recipe):
        images, types = splits["train"]["images"], splits["train"]["types"]
        update = build_update(recipe, TRUNK, images=images, types=types, info=info, seed=0)
        return update, TrainingState(update, 0.9)

    return make


def advance(update, state, steps):
    for _ in range(steps):
        state.add(update.step(state.step))
        state.ema.update(state.step)
        state.step, state.flops = state.step + 1, state.flops + 10


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def weights(state):
    return copy.deepcopy(state.state_dict()["weights"])


@BOTH
def test_the_dictionary_holds_everything(recipe, begin):
    update, state = begin(recipe)
    advance(update, state, 4)
    state.mark_validated(3.0)
    advance(update, state, 3)
    buffer = io.BytesIO()
    torch.save(state.state_dict(), buffer)
    buffer.seek(0)
    its_update, other = begin(recipe)
    other.load_state_dict(torch.load(buffer, weights_only=True))
    for one in ((update, state), (its_update, other)):
        advance(*one, 5)
    ends = [one.state_dict() for one in (state, other)]
    for end in ends:
        del end["peak_memory"]
    assert_equal(*ends)


@BOTH
def test_a_rollback_undoes_the_weights_and_not_what_was_spent(recipe, begin):
    update, state = begin(recipe)
    advance(update, state, 3)
    state.mark_validated(5.0)
    before = weights(state)
    advance(update, state, 4)
    update.guard.tripped.fill_(1.0)
    assert state.roll_back() == 3
    assert_equal(weights(state), before)
    assert (state.step, state.flops, state.rate_scale) == (7, 70, 0.5)
    assert not update.guard.tripped
    assert state.roll_back() is None


def test_the_best_validations_weights_are_kept(begin):
    update, state = begin(DGN)
    kept = []
    for distance in (4.0, 2.0, 3.0):
        advance(update, state, 2)
        state.mark_validated(distance)
        kept.append(copy.deepcopy(state.ema.network.state_dict()))
    assert (state.best_step, state.best_distance) == (4, 2.0)
    assert_equal(dict(state.best.state_dict()), dict(kept[1]))
