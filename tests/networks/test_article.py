"""The article's networks: layers, sizes, and pixels from 0 to 1 in ours from -1 to 1."""

import pytest
import torch

from whichgen.networks import SharedStem, StemSet, to_float, to_uint8
from whichgen.networks.article import ArticleDiscriminator, article_generator
from whichgen.parameters import Trunk

ANY = Trunk(width=16, blocks=1)


def make(stem, n_types, resolution=28):
    torch.manual_seed(0)
    return article_generator(
        latent=100, shares=[1 / n_types] * n_types if n_types else [], stem=stem, channels=1,
        resolution=resolution, trunk=ANY,
    )  # fmt: skip


def test_the_generator_is_the_articles_layers_with_its_pixels_stretched():
    generator, z = make(SharedStem, 0), torch.randn(5, 100)
    first, second = generator.stem.linear, generator.trunk.linear
    assert [tuple(w.shape) for w in (first.weight, second.weight)] == [(256, 100), (784, 256)]
    pixels = torch.sigmoid(
        torch.relu(z @ first.weight.T + first.bias) @ second.weight.T + second.bias
    )
    images = generator(z, torch.zeros(5, dtype=torch.int64))
    assert images.shape == (5, 1, 28, 28)
    torch.testing.assert_close(images, 2 * pixels.view(5, 1, 28, 28) - 1)
    bytes_of_the_article = (255 * pixels).round().to(torch.uint8).view(5, 1, 28, 28)
    assert (to_uint8(images).int() - bytes_of_the_article.int()).abs().max() <= 1  # rounding at .5
    assert sum(p.numel() for p in generator.parameters()) == 100 * 256 + 256 + 256 * 784 + 784


def test_a_set_owns_its_first_layers_and_shares_the_second():
    generator, z = make(StemSet, 3), torch.randn(3, 4, 100)
    images = generator.each(z)
    for k in range(3):
        hidden = torch.relu(z[k] @ generator.stem.weight[k] + generator.stem.bias[k])
        pixels = torch.sigmoid(generator.trunk.linear(hidden))
        torch.testing.assert_close(
            images[k], 2 * pixels.view(4, 1, 28, 28) - 1, atol=1e-6, rtol=1e-5
        )
    own, shared = 3 * (100 * 256 + 256), 256 * 784 + 784
    assert sum(p.numel() for p in generator.parameters()) == own + shared


@pytest.mark.parametrize("n_types", [0, 2])
def test_the_discriminator_sees_the_articles_pixels(n_types):
    torch.manual_seed(0)
    net = ArticleDiscriminator(channels=1, resolution=28, n_types=n_types)
    images = torch.randint(0, 256, (6, 1, 28, 28), dtype=torch.uint8)
    types = torch.tensor([0, 1, 0, 1, 0, 1])
    hidden = torch.relu(net.hidden(images.flatten(1) / 255))
    expected = net.logit(hidden).squeeze(1)
    if n_types:
        expected = expected + (net.projection(types) * hidden).sum(1) / 16
    torch.testing.assert_close(net(to_float(images), types), expected, atol=1e-5, rtol=1e-5)
    plain = 784 * 256 + 256 + 256 + 1
    assert sum(p.numel() for p in net.parameters()) == plain + n_types * 256


@pytest.mark.parametrize("n_types", [0, 2])
def test_the_discriminators_slopes_are_its_gradients(n_types):
    torch.manual_seed(0)
    net = ArticleDiscriminator(channels=1, resolution=8, n_types=n_types)
    images, types = torch.rand(4, 1, 8, 8).requires_grad_(True), torch.tensor([0, 1, 1, 0])
    logits, slopes = net.with_slopes(images, types)
    torch.testing.assert_close(logits, net(images, types))
    (expected,) = torch.autograd.grad(logits.sum(), images)
    torch.testing.assert_close(slopes, expected)
