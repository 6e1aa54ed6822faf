"""The relativistic loss against its formula in NumPy, the penalties against a known slope."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.objectives.judges import FunctionJudge
from whichgen.objectives.adversarial import RelativisticR1R2

NO_NOISE = torch.empty(5, 0)


def linear_judge(weight):
    return FunctionJudge(lambda images: (images * weight).sum(dim=(1, 2, 3)))


def test_loss_and_penalties_of_a_linear_discriminator_are_the_closed_form():
    rng = torch.Generator().manual_seed(0)
    real, fake, weight = (torch.randn(s, generator=rng) for s in ((5, 1, 4, 4),) * 2 + ((1, 4, 4),))
    judge = linear_judge(weight)
    loss, terms = RelativisticR1R2(gamma=0.3).discriminator_loss(judge, real, fake, NO_NOISE)
    gap = ((real - fake) * weight).numpy().sum(axis=(1, 2, 3))
    slope = float(weight.square().sum())  # the gradient is the weight, everywhere
    assert terms["d_r1"].item() == pytest.approx(slope, rel=1e-5)
    assert terms["d_r2"].item() == pytest.approx(slope, rel=1e-5)
    expected = np.log1p(np.exp(-gap)).mean() + 0.3 * slope
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_the_generators_loss_is_the_mirror_image():
    rng = torch.Generator().manual_seed(1)
    real, fake, weight = (torch.randn(s, generator=rng) for s in ((5, 1, 4, 4),) * 2 + ((1, 4, 4),))
    loss, _ = RelativisticR1R2(gamma=0.3).generator_loss(linear_judge(weight), real, fake)
    gap = ((fake - real) * weight).numpy().sum(axis=(1, 2, 3))
    assert loss.item() == pytest.approx(np.log1p(np.exp(-gap)).mean(), rel=1e-5)


def test_one_pass_over_both_halves_gives_the_gradients_of_two():
    torch.manual_seed(2)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.SiLU(), nn.Flatten(), nn.Linear(16, 1)).double()
    real, fake = torch.randn(2, 3, 1, 4, 4, dtype=torch.float64)
    judge = FunctionJudge(lambda x: net(x).squeeze(1))
    RelativisticR1R2(gamma=2.0).discriminator_loss(judge, real, fake, NO_NOISE)[0].backward()
    together = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    halves = [half.clone().requires_grad_(True) for half in (real, fake)]
    logits = [net(half).squeeze(1) for half in halves]
    loss = nn.functional.softplus(logits[1] - logits[0]).mean()
    for half, logit in zip(halves, logits, strict=True):
        (slope,) = torch.autograd.grad(logit.sum(), half, create_graph=True)
        loss = loss + slope.square().sum(dim=(1, 2, 3)).mean()
    loss.backward()
    for mine, parameter in zip(together, net.parameters(), strict=True):
        torch.testing.assert_close(mine, parameter.grad)


def test_the_generators_gradient_flows_through_the_fake_half_only():
    real = torch.zeros(2, 1, 4, 4, requires_grad=True)
    fake = torch.zeros(2, 1, 4, 4, requires_grad=True)
    loss, _ = RelativisticR1R2(gamma=1.0).generator_loss(linear_judge(torch.ones(1)), real, fake)
    loss.backward()
    assert real.grad is None
    assert torch.allclose(fake.grad, torch.full_like(fake, -0.25))  # −σ(0)/B
