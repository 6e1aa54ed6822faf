"""What is warned of: a collapse and a saturated discriminator, once each, with their figures."""

import copy

import pytest
import torch

from tests.objectives.judges import FunctionJudge
from tests.training.conftest import DGN, TRUNK
from whichgen.networks import build_generator
from whichgen.objectives.adversarial import RelativisticR1R2
from whichgen.training.validation import least_spread, validator
from whichgen.training.watch import HealthWatch


def features(*scales):
    """100 points of each type, normal with that deviation around a mean of its own."""
    rng = torch.Generator().manual_seed(0)
    types = torch.arange(len(scales)).repeat(100)
    noise = torch.randn(len(types), 5, generator=rng)
    return 10 * types[:, None] + noise * torch.tensor(scales)[types][:, None], types


def test_the_spread_is_that_of_the_least_varied_type():
    (real, types), (fake, _) = features(1.0, 2.0, 3.0), features(2.0, 0.5, 3.0)
    assert least_spread(real, real, types) == 1.0
    assert least_spread(real, fake, types) == pytest.approx(0.25)


def test_types_that_differ_hide_no_collapse_and_a_type_with_one_sample_tells_nothing():
    (real, types), (fake, _) = features(1.0, 1.0), features(1.0, 0.0)
    assert least_spread(real, fake, types) == 0.0
    lone = torch.cat([types, torch.tensor([2])])
    real, fake = (torch.cat([x, torch.zeros(1, 5)]) for x in (real, fake))
    assert least_spread(real, fake, lone) == 0.0


def test_validation_sees_one_generator_of_a_set_collapse(splits, info, extractor):
    generator = build_generator(DGN, TRUNK, info)
    look = validator(extractor, *splits["val"].values(), n=60, seed=0)
    healthy = look(generator)["validation_spread"]
    collapsed = copy.deepcopy(generator)
    with torch.no_grad():
        for parameter in collapsed.stem.parameters():
            parameter[1] = 0  # the second generator's image no longer depends on its latent
    assert look(collapsed)["validation_spread"] == pytest.approx(0, abs=1e-6)
    assert healthy > 1e-3


def test_accuracy_is_the_share_of_pairs_in_the_right_order():
    real, fake = torch.full((4, 1, 8, 8), 0.5), torch.zeros(4, 1, 8, 8)
    fake[3] = 1.0
    objective = RelativisticR1R2(gamma=1.0)
    judge = FunctionJudge(lambda x: x.mean(dim=(1, 2, 3)))
    _, terms = objective.discriminator_loss(judge, real, fake, torch.empty(4, 0))
    assert terms["d_accuracy"] == 0.75


def test_each_is_told_once_with_its_figure(caplog):
    watch = HealthWatch("gan on squares, seed 0")
    watch.logged({"step": 10, "d_accuracy": 0.9, "validation_spread": 0.4}, 1.0)
    assert caplog.messages == []
    for step in (20, 30):
        watch.logged({"step": step, "d_accuracy": 0.999, "validation_spread": 0.034}, 2.0)
    assert caplog.messages == [
        "gan on squares, seed 0: collapse at step 20: the samples of a type vary 0.034 times as "
        "much as real ones",
        "gan on squares, seed 0: saturated discriminator at step 20: it orders 99.9% of the pairs "
        "rightly",
    ]
