"""Grids: every image in its place, nothing else."""

import io

import numpy as np
from PIL import Image

from whichgen.grids import image_grid, magnification, png_bytes


def test_each_image_is_in_its_place_and_the_rest_is_white():
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(2, 2).repeat(2, 3)
    grid = image_grid(images, 3)
    assert grid.shape == (5, 8, 1)
    corners = [[int(grid[3 * r, 3 * c, 0]) for c in range(3)] for r in range(2)]
    assert corners == [[0, 1, 2], [3, 4, 255]]
    assert (grid[2] == 255).all()


def test_scaling_repeats_pixels():
    images = np.array([10, 20], np.uint8).reshape(1, 1, 1, 2)
    assert image_grid(images, 1, scale=2)[..., 0].tolist() == [[10, 10, 20, 20]] * 2


def test_png_holds_the_same_pixels_in_grey_and_colour():
    for channels in (1, 3):
        pixels = np.random.default_rng(0).integers(0, 256, (4, 5, channels), np.uint8)
        read = np.asarray(Image.open(io.BytesIO(png_bytes(pixels))))
        assert np.array_equal(read.reshape(pixels.shape), pixels)


def test_small_images_are_magnified_and_large_ones_are_not():
    assert [magnification(r) for r in (8, 28, 64)] == [7, 2, 1]
