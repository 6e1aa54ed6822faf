"""The slopes that a discriminator writes out against torch's own differentiation."""

import pytest
import torch

from whichgen.networks import ConvolutionalDiscriminator


def make(n_types, channels=1, resolution=8):
    torch.manual_seed(0)
    net = ConvolutionalDiscriminator(
        channels=channels, resolution=resolution, n_types=n_types, width=16, blocks=2
    )
    for parameter in net.parameters():  # the branches' last layers start at 0
        torch.nn.init.normal_(parameter, std=0.2)
    images, types = torch.randn(5, channels, resolution, resolution), torch.tensor([0, 2, 1, 0, 2])
    return net.double(), images.double().requires_grad_(True), types


def gradients_of_penalty(net, slopes):
    slopes.square().sum().backward()
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in net.parameters()]


@pytest.mark.parametrize(("n_types", "channels", "resolution"), [(3, 1, 8), (0, 3, 28)])
def test_logits_slopes_and_the_penaltys_gradients_are_torchs(n_types, channels, resolution):
    net, images, types = make(n_types, channels, resolution)
    expected = net(images, types)
    (torchs,) = torch.autograd.grad(expected.sum(), images, create_graph=True)
    theirs = gradients_of_penalty(net, torchs)
    net.zero_grad()
    logits, slopes = net.with_slopes(images.detach(), types)
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(slopes, torchs)
    assert slopes.abs().max() > 1e-3
    mine = gradients_of_penalty(net, slopes)
    for ours, plain in zip(mine, theirs, strict=True):
        torch.testing.assert_close(ours, plain)


def test_slopes_are_finite_differences_of_the_logits():
    net, images, types = make(3)
    with torch.no_grad():
        logits, slopes = net.with_slopes(images, types)
        step = 1e-6 * torch.randn_like(images)
        difference = net(images + step, types) - logits
    torch.testing.assert_close(difference, (slopes * step).sum(dim=(1, 2, 3)), rtol=1e-5, atol=0)


def test_pooling_is_the_depthwise_convolution():
    net, _, _ = make(0)
    maps = torch.randn(3, 16, 4, 4, dtype=torch.float64)
    plain = torch.nn.Conv2d.forward(net.pool, maps).flatten(1)
    torch.testing.assert_close(net.pool(maps), plain)
