"""A step is made if loss and gradient are finite, and else not at all."""

import copy

import pytest
import torch
from torch import nn

from whichgen.training.guard import FiniteGuard


def network():
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    return net, torch.optim.AdamW(net.parameters(), lr=0.1, fused=True)


def everything(net, optimiser):
    return copy.deepcopy((net.state_dict(), optimiser.state_dict()["state"]))


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def finite(net):
    return net(torch.ones(3)).square().sum()


BROKEN = {
    "loss": lambda net: finite(net) * float("nan"),
    "gradient": lambda net: (net(torch.ones(3)) * 0).sqrt().sum(),  # 0, with slope ∞ · 0
}


def test_finite_steps_are_the_optimisers_own_to_the_last_bit():
    (net, optimiser), (bare, own) = network(), network()
    guard = FiniteGuard(torch.device("cpu"))
    for _ in range(3):
        norm = guard.descend(optimiser, finite(net))
        own.zero_grad()
        finite(bare).backward()
        own.step()
    assert norm == nn.utils.get_total_norm([p.grad for p in bare.parameters()])
    assert not guard.tripped
    assert_equal(everything(net, optimiser), everything(bare, own))


def test_clipping_is_torchs_own():
    (net, optimiser), (bare, _) = network(), network()
    FiniteGuard(torch.device("cpu")).descend(optimiser, finite(net), clip=0.01)
    finite(bare).backward()
    nn.utils.clip_grad_norm_(bare.parameters(), 0.01)
    assert_equal(net.weight.grad, bare.weight.grad)


@pytest.mark.parametrize("loss", BROKEN.values(), ids=BROKEN)
def test_what_is_not_finite_changes_nothing_and_nor_does_any_step_after_it(loss):
    net, optimiser = network()
    guard = FiniteGuard(torch.device("cpu"))
    guard.descend(optimiser, finite(net))
    before = everything(net, optimiser)
    guard.descend(optimiser, loss(net))
    assert guard.tripped
    assert_equal(everything(net, optimiser), before)
    guard.descend(optimiser, finite(net))
    assert guard.tripped
    assert_equal(everything(net, optimiser), before)
