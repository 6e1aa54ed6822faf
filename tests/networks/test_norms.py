"""Group normalisation, channels last, as torch has it, and its gradient."""

import pytest
import torch
from torch import nn

from whichgen.networks import norms
from whichgen.networks.norms import GroupNorm


@pytest.fixture(autouse=True)
def small_maps_too(monkeypatch):
    monkeypatch.setattr(norms, "SMALL", 0)


def maps(*shape):
    return torch.randn(shape, dtype=torch.float64).contiguous(memory_format=torch.channels_last)


def pair(channels, groups):
    torch.manual_seed(0)
    mine, plain = (norm(groups, channels).double() for norm in (GroupNorm, nn.GroupNorm))
    for parameter in mine.parameters():
        nn.init.normal_(parameter)
    plain.load_state_dict(mine.state_dict())
    return mine, plain


@pytest.mark.parametrize(("channels", "groups"), [(24, 8), (8, 8), (6, 1)])
def test_outputs_and_gradients_are_torchs(channels, groups):
    mine, plain = pair(channels, groups)
    x = (3 * maps(5, channels, 4, 4) + 2).requires_grad_(True)
    slopes = torch.randn(5, channels, 4, 4).double()
    assert "_GroupNorm" in mine(x).grad_fn.name()
    assert "_GroupNorm" not in mine(x.contiguous()).grad_fn.name()
    found = [torch.autograd.grad(n(x), [x, *n.parameters()], slopes) for n in (mine, plain)]
    torch.testing.assert_close(mine(x), plain(x))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_gradients_are_finite_differences():
    mine, _ = pair(8, 4)
    x = maps(2, 8, 3, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(mine, x)


def test_it_works_within_functional_differentiation():
    mine, plain = pair(8, 4)
    x = maps(2, 8, 3, 3)
    found = [torch.func.grad(lambda v, n=n: n(v).square().sin().sum())(x) for n in (mine, plain)]
    torch.testing.assert_close(*found)


def test_a_second_differentiation_is_refused_rather_than_wrong():
    mine, _ = pair(8, 4)
    x = maps(2, 8, 3, 3).requires_grad_(True)
    (slope,) = torch.autograd.grad(mine(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
