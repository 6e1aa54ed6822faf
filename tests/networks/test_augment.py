"""DiffAugment: what each part does, nothing at strength 0, a function of the noise alone."""

import pytest
import torch

from whichgen.networks import DiffAugment
from whichgen.networks.augment import brightened, contrasted, cut_out, translated
from whichgen.parameters import Augmentation

PAPER = Augmentation(brightness=1.0, contrast=1.0, translation=0.125, cutout=0.5)


@pytest.fixture
def images():
    rng = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, 8, 8, generator=rng, dtype=torch.float64)


@pytest.fixture
def noise():
    return torch.rand(5, 6, generator=torch.Generator().manual_seed(1))


def test_at_strength_0_nothing_is_done_and_nothing_drawn(images):
    augment = DiffAugment(Augmentation())
    assert augment.draws == 0
    assert augment(images, torch.empty(5, 0)) is images


@pytest.mark.parametrize("strength", PAPER.model_dump())
def test_at_almost_no_strength_images_are_almost_themselves(strength, images, noise):
    augment = DiffAugment(Augmentation(**{strength: 1e-9}))
    torch.testing.assert_close(augment(images, noise), images, rtol=1e-8, atol=1e-8)


def test_the_same_noise_gives_the_same_bytes_and_another_another_image(images, noise):
    augment = DiffAugment(PAPER)
    assert torch.equal(augment(images, noise), augment(images, noise))
    others = augment(images, noise.roll(1, 0))
    assert not torch.isclose(others, augment(images, noise)).flatten(1).all(dim=1).any()


def test_brightness_adds_to_every_pixel(images):
    by = torch.tensor([0.5, -0.5, 0.0, 0.1, 0.2])
    expected = images.numpy() + by.numpy()[:, None, None, None]
    torch.testing.assert_close(brightened(images, by), torch.from_numpy(expected))


def test_contrast_keeps_the_mean_and_scales_the_spread(images):
    out = contrasted(images, torch.tensor([0.5, -0.5, 0.0, 1.0, -1.0], dtype=torch.float64))
    torch.testing.assert_close(out.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)))
    ratio = out.flatten(1).std(dim=1) / images.flatten(1).std(dim=1)
    torch.testing.assert_close(ratio, torch.tensor([1.5, 0.5, 1, 2, 0], dtype=torch.float64))


def test_translation_moves_and_fills_with_0(images):
    moved = translated(
        images, torch.tensor([2, 0, 0, -1, 1]), torch.tensor([0, 1, 0, 0, -2]), most=2
    )
    assert torch.equal(moved[0, :, 2:], images[0, :, :-2])
    assert not moved[0, :, :2].any()
    assert torch.equal(moved[1, :, :, 1:], images[1, :, :, :-1])
    assert torch.equal(moved[2], images[2])
    assert torch.equal(moved[3, :, :-1], images[3, :, 1:])
    assert torch.equal(moved[4, :, 1:, :-2], images[4, :, :-1, 2:])


def test_cutout_is_a_hole_clipped_at_the_edge(images):
    out = cut_out(images, torch.tensor([4, 0, 8, 4, 4]), torch.tensor([4, 0, 4, 8, 4]), side=4)
    holes = (out == 0).all(dim=1)
    assert holes.sum(dim=(1, 2)).tolist() == [16, 4, 8, 8, 16]
    assert holes[0, 2:6, 2:6].all()
    assert holes[1, :2, :2].all()
    assert torch.equal(out[~holes[:, None].expand_as(out)], images[~holes[:, None].expand_as(out)])


def test_every_shift_and_place_is_as_likely():
    """Over the noise's range: shifts from -1 to 1, and holes wherever they touch the image."""
    ramp = (torch.arange(900) + 0.5) / 900
    rows = torch.zeros(900, 6)
    rows[:, 2] = rows[:, 4] = ramp
    rows[:, 3] = rows[:, 5] = 0.5  # no shift to the side; a hole in the middle column
    dot = torch.zeros(900, 1, 8, 8)
    dot[:, :, 4, 4] = 1.0
    moved = DiffAugment(Augmentation(translation=0.125))(dot, rows)
    assert moved.sum(dim=0)[0, :, 4].tolist() == [0, 0, 0, 300, 300, 300, 0, 0]
    whole = torch.ones(900, 1, 8, 8)
    cut = DiffAugment(Augmentation(cutout=0.5))(whole, rows)
    assert (1 - cut)[:, 0, :, 4].sum(dim=0).tolist() == [300, 400, 400, 400, 400, 400, 400, 300]


def test_its_gradient_is_that_of_finite_differences(images, noise):
    augment, few = DiffAugment(PAPER), images[:2, :1].clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: augment(x, noise[:2].double()), few)
