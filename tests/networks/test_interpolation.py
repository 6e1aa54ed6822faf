"""Interpolations: the ends are samples, the way keeps to where latents lie."""

import pytest
import torch

from whichgen.networks import Generator, SharedStem, StemSet, interpolate, slerp
from whichgen.networks.generators import convolutional_generator
from whichgen.parameters import Trunk
from whichgen.training.seeding import stream


def generator(stem: type, n_types: int) -> Generator:
    torch.manual_seed(0)
    return convolutional_generator(
        channels=1,
        resolution=8,
        shares=[1 / n_types] * n_types if n_types else [],
        stem=stem,
        latent=6,
        trunk=Trunk(width=16, blocks=1),
    ).eval()


def test_slerp_has_its_ends_and_constant_angles_and_length_between() -> None:
    start, end = torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[0.0, 2.0, 0.0]])
    way = slerp(start, end, 4)
    expected = [[2 * torch.cos(a), 2 * torch.sin(a), 0.0] for a in torch.arange(4) * torch.pi / 6]
    torch.testing.assert_close(way, torch.tensor([expected]))


@pytest.mark.parametrize(("stem", "n_types"), [(SharedStem, 0), (StemSet, 3)])
def test_a_strip_begins_and_ends_in_a_sample_of_its_type(stem: type, n_types: int) -> None:
    net = generator(stem, n_types)
    types = torch.tensor([2, 0]) if n_types else torch.zeros(2, dtype=torch.int64)
    strips = interpolate(net, stream(3, "interpolation"), types, steps=5)
    assert strips.shape == (2, 5, 1, 8, 8)
    ends = torch.randn(2, 2, 6, generator=stream(3, "interpolation"))
    torch.testing.assert_close(strips[:, 0], net(ends[0], types))
    torch.testing.assert_close(strips[:, -1], net(ends[1], types))
    assert torch.equal(strips, interpolate(net, stream(3, "interpolation"), types, steps=5))
