"""The textbook loops compute what the product computes, so their seconds can be compared."""

import copy

import pytest
import torch
from torch import nn

from benchmarks.textbook import TEXTBOOK, TextbookDgn, TextbookGan
from benchmarks.textbook.data import SameOfEachType
from benchmarks.textbook.networks import average_weights
from benchmarks.workloads import SEED
from tests.benchmarks.conftest import K
from whichgen.networks import to_float
from whichgen.training.batches import MixedBatches, TypedBatches
from whichgen.training.ema import EMA
from whichgen.training.seeding import stream

STEPS = 3


@pytest.fixture
def gan(workload):
    update = workload.update("gan")
    return update, TextbookGan(workload, update, workers=0)


@pytest.fixture
def dgn(workload):
    update = workload.update("dgn")
    return update, TextbookDgn(workload, update, workers=0)


def assert_close_terms(theirs, mine, step):
    """Close at the first step, where the weights are equal, and less so afterwards.

    Adam's first steps divide a gradient by its own size: where it is rounding alone, a weight may
    go the other way.
    """
    expected = {name: mine[name] for name in theirs}
    assert theirs == pytest.approx(expected, rel=1e-2 if step else 1e-4)


def test_gan_losses_and_penalties_are_the_products_over_several_steps(workload, gan):
    update, textbook = gan
    batch = workload.recipes["gan"].training.batch
    batches = MixedBatches(workload.images, workload.types, seed=SEED)
    for step in range(STEPS):
        images, types = batches.at(step, batch)
        z = torch.randn(2, batch, update.generator.latent, generator=stream(SEED, "latents", step))
        theirs = textbook.step(to_float(images), types, z)
        mine = {name: term.item() for name, term in update.step(step).items()}
        assert_close_terms(theirs, mine, step)


def test_gan_gradients_are_the_products(workload, gan):
    update, textbook = gan
    batch = workload.recipes["gan"].training.batch
    images, types = MixedBatches(workload.images, workload.types, seed=SEED).at(0, batch)
    z = torch.randn(2, batch, update.generator.latent, generator=stream(SEED, "latents", 0))
    textbook.step(to_float(images), types, z)
    update.step(0)
    theirs = [*textbook.generator.parameters(), *textbook.discriminator.parameters()]
    for mine, plain in zip(update.networks.parameters(), theirs, strict=True):
        torch.testing.assert_close(mine.grad, plain.grad, rtol=1e-3, atol=1e-6)


def test_dgn_losses_and_gradient_norms_are_the_products_over_several_steps(workload, dgn):
    """The loss hardly moves by its construction; the norm of its gradient does."""
    update, textbook = dgn
    training, generator = workload.recipes["dgn"].training, update.generator
    batches = TypedBatches(workload.images, workload.types, n_types=generator.n_types, seed=SEED)
    for step in range(STEPS):
        index, pixels = batches.at(step, training.real_per_type)
        images = to_float(pixels)
        features = textbook.features(images.flatten(0, 1)).unflatten(0, index.shape)
        shape = (generator.n_types, training.generated_per_type, generator.latent)
        z = torch.randn(shape, generator=stream(SEED, "latents", step))
        theirs = textbook.step(images, features, z)
        mine = {name: term.item() for name, term in update.step(step).items()}
        assert_close_terms(theirs, mine, step)


def test_the_plain_average_is_the_products():
    source = nn.Linear(3, 2)
    product, plain = EMA(source, 0.8), copy.deepcopy(source)
    for step in range(20):
        nn.init.constant_(source.weight, step)
        product.update(step)
        average_weights(plain, source, 0.8, step)
    torch.testing.assert_close(product.network.weight, plain.weight)


def test_batches_of_the_set_hold_as_many_of_each_type(workload):
    indices = next(iter(SameOfEachType(workload.types, K, per_type=5, seed=0)))
    assert workload.types[indices].tolist() == [0] * 5 + [1] * 5 + [2] * 5


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # torch's loader forks
@pytest.mark.parametrize("family", ["gan", "dgn"])
def test_it_trains_on_what_its_own_processes_load(workload, family):
    loop = TEXTBOOK[family](workload, workload.update(family), workers=2)
    before = copy.deepcopy(loop.generator.state_dict())
    loop.train(2)
    after = loop.generator.state_dict()
    assert all(torch.isfinite(weights).all() for weights in after.values())
    assert all(not torch.equal(before[name], after[name]) for name in before)
