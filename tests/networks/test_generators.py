"""Generators: shapes, the set as one product, sampling."""

import pytest
import torch

from whichgen.networks import RESOLUTIONS, ConvolutionalDiscriminator, SharedStem, StemSet
from whichgen.networks.generators import convolutional_generator
from whichgen.networks.sets import OwnConvolution
from whichgen.parameters import Trunk

EVERY_SET = pytest.mark.parametrize("which", ["stems", "last_block", "adapters"])


def make(stem, n_types, channels=1, resolution=8, seed=0, **options):
    torch.manual_seed(seed)
    generator = convolutional_generator(
        channels=channels,
        resolution=resolution,
        shares=[1 / n_types] * n_types if n_types else [],
        stem=stem,
        latent=6,
        trunk=Trunk(width=16, blocks=1),
        **options,
    )
    with torch.no_grad():  # what starts at 0 would hide whose weights are used
        for name, parameter in generator.named_parameters():
            if name.endswith(".up"):
                parameter.normal_()
    return generator


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_resolution_and_channel_count_has_both_networks(resolution, channels):
    generator = make(SharedStem, 3, channels, resolution)
    discriminator = ConvolutionalDiscriminator(
        channels=channels, resolution=resolution, n_types=3, width=16, blocks=1
    )
    types = torch.tensor([0, 2])
    images = generator(torch.randn(2, 6), types)
    assert images.shape == (2, channels, resolution, resolution)
    assert discriminator(images, types).shape == (2,)


def test_a_resolution_that_no_doubling_reaches_is_refused():
    with pytest.raises(ValueError, match="resolution 30"):
        make(SharedStem, 0, resolution=30)


def test_both_families_have_the_same_trunk():
    one, many = make(SharedStem, 10), make(StemSet, 10)
    shapes = [[p.shape for p in g.trunk.parameters()] for g in (one, many)]
    assert shapes[0] == shapes[1]


@EVERY_SET
def test_the_batched_products_are_each_generator_on_its_own(which):
    """Generator k alone is a set of one, with the shared weights and its own of each kind."""
    generator = make(StemSet, 4, set=which)
    z, weights = torch.randn(4, 5, 6), generator.state_dict()
    together = generator.each(z)
    alone = make(StemSet, 1, set=which, seed=1)
    for k in range(4):
        own = {
            name: weights[name][k : k + 1] if weights[name].shape != kept.shape else weights[name]
            for name, kept in alone.state_dict().items()
        }
        alone.load_state_dict(own)
        torch.testing.assert_close(together[k], alone.each(z[k : k + 1])[0], atol=1e-5, rtol=1e-5)


@EVERY_SET
def test_types_in_any_order_reach_their_own_generator(which):
    generator = make(StemSet, 4, set=which)
    types = torch.tensor([3, 0, 3, 1, 1, 3])  # none of type 2
    z = torch.randn(6, 6)
    mixed = generator(z, types)
    for i, k in enumerate(types):
        alone = generator.each(z[i].expand(4, 1, 6))[k, 0]
        torch.testing.assert_close(mixed[i], alone, atol=1e-5, rtol=1e-5)


def test_a_generators_own_convolution_is_torchs():
    layer, x = OwnConvolution(2, 3, 5), torch.randn(4, 3, 6, 7)
    outputs = layer(x, torch.tensor([0, 1, 1, 0]))
    for i, k in enumerate([0, 1, 1, 0]):
        kernel, bias = layer.weight[k, :-1].T.reshape(5, 3, 3, 3), layer.weight[k, -1]
        expected = torch.nn.functional.conv2d(x[i : i + 1], kernel, bias, padding=1)[0]
        torch.testing.assert_close(outputs[i], expected, atol=1e-5, rtol=1e-5)


def test_adapters_start_as_the_shared_trunk_and_cost_little():
    torch.manual_seed(0)
    sizes = {}
    for name, options in {"stems": {}, "adapters": {"set": "adapters", "rank": 2}}.items():
        trunk = make(StemSet, 4, **options).trunk
        sizes[name] = sum(p.numel() for p in trunk.parameters())
    assert sizes["adapters"] - sizes["stems"] == 4 * 2 * 2 * 16  # K, up and down, rank, channels
    fresh = convolutional_generator(
        channels=1, resolution=8, shares=[0.5, 0.5], stem=StemSet, latent=6,
        trunk=Trunk(width=16, blocks=1), set="adapters",
    )  # fmt: skip
    before = fresh.each(torch.ones(2, 1, 6))
    for name, parameter in fresh.named_parameters():
        if name.endswith(".down"):
            torch.nn.init.normal_(parameter)
    assert torch.equal(fresh.each(torch.ones(2, 1, 6)), before)


@pytest.mark.parametrize(
    ("stem", "options", "said"),
    [
        (StemSet, {"set": "all"}, "set: 'all' is not one of stems, last_block, adapters"),
        (SharedStem, {"set": "adapters"}, "set: 'adapters' is for a set of generators"),
        (StemSet, {"set": "adapters", "rank": 0}, "rank"),
    ],
)
def test_a_wrong_structure_is_refused(stem, options, said):
    with pytest.raises(ValueError, match=said):
        make(stem, 3, **options)


def test_sampling_is_a_function_of_the_seed_and_not_of_the_batch_size():
    generator = make(StemSet, 4).eval()
    draws = [
        generator.sample(20, torch.Generator().manual_seed(seed), batch=batch)
        for seed, batch in ((1, 512), (1, 7), (2, 512))
    ]
    torch.testing.assert_close(draws[0][0], draws[1][0], atol=1e-5, rtol=1e-5)
    assert torch.equal(draws[0][1], draws[1][1])
    assert not torch.allclose(draws[0][0], draws[2][0])


def test_sampled_types_follow_the_shares():
    generator = make(StemSet, 4)
    generator.shares.copy_(torch.tensor([0.7, 0.3, 0.0, 0.0]))
    _, types = generator.sample(4000, torch.Generator().manual_seed(0))
    counts = torch.bincount(types, minlength=4)
    assert counts[2:].sum() == 0
    assert abs(counts[0] / 4000 - 0.7) < 0.03  # four standard deviations


def test_an_unconditional_generator_takes_no_notice_of_types():
    generator = make(SharedStem, 0)
    z = torch.randn(3, 6)
    first, second = (generator(z, torch.tensor(t)) for t in ([0, 0, 0], [1, 2, 3]))
    assert torch.equal(first, second)
    assert generator.sample(3, torch.Generator().manual_seed(0))[1].tolist() == [0, 0, 0]


def test_a_conditional_discriminator_tells_types_apart():
    torch.manual_seed(0)
    discriminator = ConvolutionalDiscriminator(
        channels=1, resolution=8, n_types=2, width=16, blocks=1
    )
    images = torch.rand(4, 1, 8, 8)
    logits = [discriminator(images, torch.full((4,), k)) for k in (0, 1)]
    assert not torch.allclose(*logits)
