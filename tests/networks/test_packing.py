"""Packs: neighbours of a batch as channels, a logit and a slope for each pack."""

import pytest
import torch

from tests.training.conftest import GAN, TRUNK
from whichgen.errors import WhichgenError
from whichgen.networks import build_discriminator
from whichgen.networks.packing import PackedDiscriminator
from whichgen.parameters import DiscriminatorOptions
from whichgen.training.flops import count_flops

INFO = {"channels": 3, "resolution": 8, "labelled": False, "types": {"shares": [1.0]}}


def build(n_types=0, **options):
    torch.manual_seed(0)
    recipe = GAN.model_copy(update={"discriminator": DiscriminatorOptions(**options)})
    return build_discriminator(recipe, TRUNK, INFO, n_types)


@pytest.fixture
def batch():
    rng = torch.Generator().manual_seed(0)
    return torch.randn(8, 3, 8, 8, generator=rng), torch.zeros(8, dtype=torch.int64)


@pytest.mark.parametrize("options", [{"width_factor": 1.0}, {"name": "article"}])
def test_a_pack_is_neighbours_stacked_as_channels_and_gets_one_logit(options, batch):
    net = build(pack=2, **options)
    assert isinstance(net, PackedDiscriminator)
    stacked = torch.cat([batch[0][0::2], batch[0][1::2]], dim=1)  # (4, 6, 8, 8)
    expected = net.inner(stacked, batch[1][:4])
    logits, slopes = net.with_slopes(*batch)
    assert expected.shape == (4,)
    assert torch.equal(net(*batch), expected)
    torch.testing.assert_close(logits, expected)
    assert slopes.shape == stacked.shape


def test_slopes_are_by_every_image_of_the_pack(batch):
    net = build(pack=4, width_factor=1.0)
    images = batch[0].requires_grad_(True)
    (expected,) = torch.autograd.grad(net(images, batch[1]).sum(), images)
    _, slopes = net.with_slopes(images.detach(), batch[1])
    torch.testing.assert_close(slopes.unflatten(1, (4, 3)).flatten(0, 1), expected)


def test_a_pack_is_judged_whole(batch):
    """A logit is of its own pack, and of every image in it."""
    net = build(pack=2, width_factor=1.0)
    before = net(*batch)
    batch[0][3] += 1.0
    assert (net(*batch) != before).tolist() == [False, True, False, False]


def test_packs_cost_less_than_images_and_the_budget_sees_it(batch):
    one, two = (build(pack=pack, width_factor=1.0) for pack in (1, 2))
    price = {net: count_flops(lambda net=net: net(*batch)) for net in (one, two)}
    assert 0.5 * price[one] < price[two] < price[one]  # the first layer is twice as wide


def test_packs_of_different_types_are_refused():
    with pytest.raises(WhichgenError, match=r"discriminator\.pack: 2 samples .* without labels"):
        build(n_types=2, pack=2, width_factor=1.0)
