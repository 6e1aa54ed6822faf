"""The gates: a judge that sees passes, one that is blind to something fails at that gate."""

import numpy as np
import pytest
import torch

from tests.digits import GREY, NAMES, digit_splits
from whichgen.gates import check_judge
from whichgen.networks.corruptions import add_noise, blur, mask
from whichgen.training.seeding import stream

SPLITS = digit_splits()
CORRUPTIONS = ["noise", "blur", "masking", "dropped class"]


def check(look, names=NAMES, types=None):
    return check_judge(
        look,
        reference=SPLITS["test"]["images"],
        images=SPLITS["validation"]["images"],
        types=SPLITS["validation"]["types"] if types is None else types,
        names=names,
        corruptions=GREY.corruptions,
    )


def rng():
    return stream(0, "gate")


def passed(gates):
    return {item["corruption"]: item["passed"] for item in gates["checks"]}


def pixels(images):
    return (
        images.flatten(1).float()
        / 255
        @ torch.randn(64, 32, generator=torch.Generator().manual_seed(0))
    )


def test_a_projection_of_the_pixels_sees_all_of_it_and_the_record_has_its_shape():
    gates = check(pixels)
    assert gates["passed"] is True
    assert passed(gates) == dict.fromkeys(CORRUPTIONS, True)
    *graded, dropped = gates["checks"]
    for item in graded:
        assert set(item) == {"corruption", "levels", "fd", "passed"}
        assert item["levels"][0] == 0
        assert len(item["levels"]) == len(item["fd"]) == 4
        assert item["fd"][0] == graded[0]["fd"][0]  # nothing is spoilt at level 0
    assert set(dropped) == {"corruption", "levels", "fd", "floor", "passed"}
    assert dropped["levels"] == NAMES
    assert min(dropped["fd"]) > dropped["floor"] > 0


def test_a_judge_that_gives_one_answer_to_everything_fails_everywhere():
    gates = check(lambda images: torch.ones(len(images), 4))
    assert gates["passed"] is False
    assert passed(gates) == dict.fromkeys(CORRUPTIONS, False)


def test_a_judge_whose_features_have_nothing_to_do_with_the_image_fails():
    def look(images):
        return torch.randn(len(images), 4, generator=torch.Generator().manual_seed(len(images)))

    assert passed(check(look)) == dict.fromkeys(CORRUPTIONS, False)


def test_a_judge_that_cannot_see_noise_fails_at_that_gate_alone():
    clean = SPLITS["validation"]["images"]
    noisy = {
        add_noise(clean, level, stream(0, "gate", "noise")).numpy().tobytes()
        for level in (0.1, 0.2, 0.4)
    }

    def look(images):  # takes the noise out first
        return pixels(clean if images.numpy().tobytes() in noisy else images)

    assert passed(check(look)) == dict.fromkeys(CORRUPTIONS, True) | {"noise": False}


def test_features_that_are_not_finite_fail_and_do_not_end_the_run():
    gates = check(lambda images: torch.full((len(images), 4), torch.nan))
    assert passed(gates) == dict.fromkeys(CORRUPTIONS, False)
    assert gates["checks"][0]["fd"] == [None] * 4


def test_with_a_single_type_there_is_no_class_to_drop():
    types = torch.zeros(450, dtype=torch.int64)
    assert list(passed(check(pixels, names=["all"], types=types))) == CORRUPTIONS[:3]


@pytest.mark.parametrize("spoil", [add_noise, blur, mask])
def test_level_0_spoils_nothing_and_the_same_level_spoils_alike(spoil):
    images = SPLITS["test"]["images"][:20]
    assert torch.equal(spoil(images, 0.0, rng()), images)
    assert torch.equal(spoil(images, 0.3, rng()), spoil(images, 0.3, rng()))
    assert not torch.equal(spoil(images, 0.3, rng()), images)


def test_the_corruptions_are_of_the_size_that_they_name():
    grey = torch.full((200, 1, 16, 16), 128, dtype=torch.uint8)
    noise = add_noise(grey, 0.1, rng()).float() - 128
    assert float(noise.std()) == pytest.approx(25.5, rel=0.02)
    covered = (mask(grey, 0.25, rng()) == 0).flatten(1).sum(1)
    assert torch.equal(covered, torch.full((200,), 16))  # 4 × 4 px
    point = torch.zeros(1, 1, 33, 33, dtype=torch.uint8)
    point[..., 16, 16] = 255
    window = blur(point, 1 / 33, rng()).float()[0, 0]  # a deviation of one pixel
    expected = 255 * np.exp(-0.5) / (2 * np.pi)
    assert float(window[16, 17]) == pytest.approx(expected, abs=1)
    assert float(window[17, 16]) == pytest.approx(expected, abs=1)
