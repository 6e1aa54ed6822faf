"""The networks of points: slopes by the chain rule, sizes, packs, and what is refused."""

import pytest
import torch

from tests.training.conftest import DGN, GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.networks import build_discriminator, build_generator, modality_of, with_networks
from whichgen.networks.multilayer import MultilayerDiscriminator
from whichgen.parameters import Augmentation, GeneratorOptions

INFO = {
    "modality": "points", "dimension": 2, "mean": [1.0, -3.0], "deviation": [0.5, 2.0],
    "low": [0.0, -9.0], "high": [2.0, 3.0], "labelled": True, "types": {"shares": [0.5, 0.5]},
}  # fmt: skip


@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("n_types", [0, 3])
def test_slopes_are_autograds(n_types, spectral_norm):
    torch.manual_seed(0)
    net = MultilayerDiscriminator(
        dimension=3, n_types=n_types, width=16, blocks=2, spectral_norm=spectral_norm
    )
    points = torch.randn(7, 3, requires_grad=True)
    types = torch.arange(7) % max(n_types, 1)
    logits, slopes = net.with_slopes(points, types)
    torch.testing.assert_close(logits, net(points, types))
    (expected,) = torch.autograd.grad(net(points, types).sum(), points)
    torch.testing.assert_close(slopes, expected)


@pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])
def test_a_recipe_that_names_no_network_gets_the_modalitys(recipe):
    assert with_networks(recipe, INFO).generator.name == "multilayer"
    assert with_networks(recipe, {}).generator.name == "convolutional"
    samples, _ = build_generator(recipe, TRUNK, INFO).sample(5, torch.Generator().manual_seed(0))
    assert samples.shape == (5, 2)


def test_a_network_of_images_is_refused():
    article = GAN.model_copy(update={"generator": GeneratorOptions(name="article", latent=8)})
    with pytest.raises(WhichgenError, match="'article' is no network for points; those are: multi"):
        with_networks(article, INFO)


def test_a_pack_is_judged_as_one():
    options = GAN.discriminator.model_copy(update={"pack": 2})
    net = build_discriminator(GAN.model_copy(update={"discriminator": options}), TRUNK, INFO, 0)
    points, types = torch.randn(6, 2), torch.zeros(6, dtype=torch.int64)
    logits, slopes = net.with_slopes(points, types)
    assert (logits.shape, slopes.shape) == ((3,), (3, 4))
    swapped = points.clone()
    swapped[0] += 1  # of the first pack
    assert (net(swapped, types) != logits).tolist() == [True, False, False]


def test_stored_points_and_standardised_ones_are_each_others_inverse():
    modality, stored = modality_of(INFO), torch.tensor([[1.5, -3.0], [1.0, 1.0]])
    samples = modality.to_float(stored)
    assert samples.tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert torch.equal(modality.to_stored(samples), stored)


def test_augmentation_is_for_images():
    modality = modality_of(INFO)
    assert modality.augment(Augmentation()).draws == 0
    with pytest.raises(WhichgenError, match=r"discriminator\.augment: .* images"):
        modality.augment(Augmentation(cutout=0.5))
