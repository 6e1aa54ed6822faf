"""The direct update with each objective, as a recipe would have it."""

import copy

import pytest
import torch

from tests.training.conftest import DGN, TRUNK
from whichgen.objectives.direct import DIRECT
from whichgen.parameters import Component, Encoder
from whichgen.training.build import build_update

ARGUMENTS = {
    "drifting": {"temperatures": [0.1]},
    "drifting_gaussian": {"temperatures": [0.2]},
    "drifting_sinkhorn": {"temperatures": [0.2]},
    "mmd": {"bandwidths": [1.0, 10.0]},
    "sliced_wasserstein": {"projections": 16},
    "imle": {"epsilon": 0.1},
    "energy_distance": {},
    "reverse_kl": {"bandwidth": 0.3},
}


@pytest.fixture
def update(splits, info):
    def make(name):
        recipe = DGN.model_copy(
            update={
                "objective": Component(name=name, **ARGUMENTS[name]),
                "encoder": Encoder(width=8, features=5, images_seen=60, batch=30, rate=3e-3),
                "training": DGN.training.model_copy(
                    update={"generated_per_type": 8, "real_per_type": 8}
                ),
            }
        )
        return build_update(recipe, TRUNK, **splits["train"], info=info, seed=0)

    return make


@pytest.mark.parametrize("name", DIRECT)
def test_a_step_follows_from_the_weights_and_its_number_alone(name, update):
    first = update(name)
    second = copy.deepcopy(first)
    for step in (5, 6):
        terms, again = first.step(step), second.step(step)
        assert terms.keys() == again.keys()
        assert {n.removeprefix("feature_") for n in terms if n.startswith("feature_")} < {*terms}
        assert all(torch.equal(terms[n], again[n]) for n in terms)
        assert all(torch.isfinite(t) for t in terms.values())
    weights = [dict(u.generator.named_parameters()) for u in (first, second)]
    assert all(torch.equal(weights[0][n], weights[1][n]) for n in weights[0])


def test_each_step_and_each_space_draws_its_own_directions(update):
    one = update("sliced_wasserstein")
    reals = [torch.zeros(3, 8, 64), torch.zeros(3, 8, 5)]
    noises = [one._noise(step, reals) for step in (0, 1, 0)]
    assert [tuple(noise.shape) for noise in noises[0]] == [(64, 16), (5, 16)]
    assert all(torch.equal(a, b) for a, b in zip(noises[0], noises[2], strict=True))
    assert not torch.equal(noises[0][0], noises[1][0])
    assert update("mmd")._noise(0, reals)[0].shape == (64, 0)
