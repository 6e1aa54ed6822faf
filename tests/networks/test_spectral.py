"""Spectral normalisation: singular values of 1, and one discriminator throughout a step."""

import copy
import io

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from whichgen.networks import ConvolutionalDiscriminator, channels_last, iterate_power


@pytest.fixture
def net():
    torch.manual_seed(0)
    return channels_last(
        ConvolutionalDiscriminator(
            channels=1, resolution=8, n_types=3, width=16, blocks=1, spectral_norm=True
        )
    )


def gradients_of_penalty(net, slopes):
    parameters = list(net.parameters())
    return torch.autograd.grad(slopes.square().sum(), parameters, materialize_grads=True)


@pytest.fixture
def batch():
    return torch.randn(6, 1, 8, 8), torch.arange(6) % 3


def weights(net):
    kinds = nn.Linear | nn.Conv2d | nn.Embedding
    return {name: layer.weight for name, layer in net.named_modules() if isinstance(layer, kinds)}


def largest(weight):
    return torch.linalg.svdvals(weight.detach().flatten(1))[0].item()


def test_the_largest_singular_value_of_every_weight_comes_to_1_as_steps_go(net, batch):
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    for _ in range(30):
        iterate_power(net)
        optimiser.zero_grad()
        net(*batch).sum().backward()
        optimiser.step()
    for _ in range(60):
        iterate_power(net)
    assert len(weights(net)) == 6
    for name, weight in weights(net).items():
        assert largest(weight) == pytest.approx(1, abs=0.02), name


def test_a_look_at_a_weight_changes_nothing_and_an_iteration_does(net, batch):
    before = copy.deepcopy(net.state_dict())
    first, again = net(*batch), net(*batch)
    logits, _ = net.with_slopes(*batch)
    assert torch.equal(first, again)
    torch.testing.assert_close(logits, first)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    iterate_power(net)
    changed = {name for name, value in net.state_dict().items() if not before[name].equal(value)}
    assert changed
    assert all(name.endswith(("._u", "._v")) for name in changed)


def test_slopes_and_their_gradients_are_torchs_own(net, batch):
    images, types = batch[0].requires_grad_(True), batch[1]
    (expected,) = torch.autograd.grad(net(images, types).sum(), images, create_graph=True)
    theirs = gradients_of_penalty(net, expected)
    _, slopes = net.with_slopes(images.detach(), types)
    torch.testing.assert_close(slopes, expected)
    for one, other in zip(gradients_of_penalty(net, slopes), theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_a_copy_from_a_checkpoint_goes_on_alike(net, batch):
    iterate_power(net)
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    torch.manual_seed(1)
    other = ConvolutionalDiscriminator(
        channels=1, resolution=8, n_types=3, width=16, blocks=1, spectral_norm=True
    )
    other.load_state_dict(torch.load(file, weights_only=True))
    for network in (net, channels_last(other)):
        iterate_power(network)
    assert torch.equal(net(*batch), other(*batch))


def test_without_it_a_discriminator_is_as_it_was():
    torch.manual_seed(0)
    net = ConvolutionalDiscriminator(channels=1, resolution=8, n_types=0, width=16, blocks=1)
    before = copy.deepcopy(net.state_dict())
    iterate_power(net)
    assert not any(parametrize.is_parametrized(layer) for layer in net.modules())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
