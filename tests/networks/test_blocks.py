"""Pixels to floats and back."""

import torch

from whichgen.networks import to_float, to_uint8
from whichgen.networks.blocks import base_size, widths


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
