"""Pixels to floats and back."""

import pytest
import torch
from torch.nn import functional as F

from whichgen.networks import to_float, to_uint8
from whichgen.networks.blocks import base_size, runs, shuffle, unshuffle, widths


def test_every_pixel_value_survives_the_way_to_floats_and_back():
    pixels = torch.arange(256, dtype=torch.uint8)
    floats = to_float(pixels)
    assert floats[0] == -1.0
    assert floats[255] == 1.0
    assert torch.equal(to_uint8(floats), pixels)


def test_floats_out_of_range_are_clipped():
    assert to_uint8(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]


def test_sizes_double_from_the_base_to_the_resolution():
    assert [base_size(r) for r in (8, 28, 32, 48, 64)] == [4, 7, 4, 6, 4]
    assert widths(96, 28) == [96, 48]
    assert widths(96, 64) == [96, 48, 24, 16]


@pytest.mark.parametrize("channels", [1, 3])
def test_shuffles_are_torchs_with_the_channels_reordered(channels):
    torch.manual_seed(0)
    maps, large = torch.randn(2, 5, 3, 3), torch.randn(2, channels, 6, 6)
    weight, bias = torch.randn(4 * channels, 5, 3, 3), torch.randn(4 * channels)
    torchs = F.pixel_shuffle(F.conv2d(maps, weight, bias, padding=1), 2)
    mine = shuffle(F.conv2d(maps, runs(weight, 0), runs(bias, 0), padding=1))
    torch.testing.assert_close(mine, torchs, atol=1e-5, rtol=1e-5)
    back = torch.randn(5, 4 * channels, 3, 3)
    torchs = F.conv2d(F.pixel_unshuffle(large, 2), back, padding=1)
    mine = F.conv2d(unshuffle(large), runs(back, 1), padding=1)
    torch.testing.assert_close(mine, torchs, atol=1e-5, rtol=1e-5)
    assert torch.equal(shuffle(unshuffle(large)), large)
