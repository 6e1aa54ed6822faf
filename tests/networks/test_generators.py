"""Generators: shapes, the set as one product, sampling."""

import pytest
import torch

from whichgen.networks import RESOLUTIONS, Discriminator, Generator, SharedStem, StemSet


def make(stem, n_types, channels=1, resolution=8, seed=0):
    torch.manual_seed(seed)
    return Generator(
        channels=channels,
        resolution=resolution,
        n_types=n_types,
        shares=[1 / n_types] * n_types if n_types else [],
        stem=stem,
        latent=6,
        width=16,
        blocks=1,
    )


@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_resolution_and_channel_count_has_both_networks(resolution, channels):
    generator = make(SharedStem, 3, channels, resolution)
    discriminator = Discriminator(
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


def test_the_batched_product_is_each_generator_on_its_own():
    generator = make(StemSet, 4)
    z = torch.randn(4, 5, 6)
    together = generator.each(z)
    for k in range(4):
        alone = generator.trunk(
            (z[k] @ generator.stem.weight[k] + generator.stem.bias[k]).unflatten(1, generator.first)
        )
        torch.testing.assert_close(together[k], alone, atol=1e-5, rtol=1e-5)


def test_types_in_any_order_reach_their_own_generator():
    generator = make(StemSet, 4)
    types = torch.tensor([3, 0, 3, 1, 1, 3])  # none of type 2
    z = torch.randn(6, 6)
    mixed = generator(z, types)
    for i, k in enumerate(types):
        alone = generator.each(z[i].expand(4, 1, 6))[k, 0]
        torch.testing.assert_close(mixed[i], alone, atol=1e-5, rtol=1e-5)


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
    discriminator = Discriminator(channels=1, resolution=8, n_types=2, width=16, blocks=1)
    images = torch.rand(4, 1, 8, 8)
    logits = [discriminator(images, torch.full((4,), k)) for k in (0, 1)]
    assert not torch.allclose(*logits)
