"""Which rows a served model takes, and what it says of others."""

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from whichgen.forms.images import ImageForm
from whichgen.serving import Wish, encoder, read_wishes, request_limit


def wishes(*rows: dict[str, Any], n_types: int = 3, limit: int = 10) -> list[Wish]:
    return read_wishes(pd.DataFrame(list(rows)), n_types, limit, "images")


def test_rows_with_and_without_what_may_be_left_out():
    assert wishes({"n": 2, "seed": 0}) == [Wish(2, 0, None, 1.0)]
    assert wishes(
        {"n": 1, "seed": 2**63 - 1, "type": 2, "truncation": 0.5},
        {"n": 2, "seed": 7},  # NaN in both of its gaps, and 2.0 above them
        {"n": 7, "seed": 7, "type": -1, "truncation": 1},
    ) == [Wish(1, 2**63 - 1, 2, 0.5), Wish(2, 7, None, 1.0), Wish(7, 7, None, 1.0)]
    assert wishes({"n": 1, "seed": 0, "type": 0}, n_types=0) == [Wish(1, 0, 0, 1.0)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 0}, "row 1: n: 0 is not a whole number from 1 on"),
        ({"n": -3}, "n: -3"),
        ({"n": 1.5}, "n: 1.5"),
        ({"n": "1"}, "n: '1'"),
        ({"n": True}, "n: True"),
        ({"n": [1]}, r"n: \[1\]"),
        ({"n": None}, "row 1: n: missing"),
        ({"n": float("nan")}, "n: missing"),
        ({"n": float("inf")}, "n: inf"),
        ({"n": 10}, "n: 11 images are asked for and a request may ask for 10"),
        ({"seed": None}, "seed: missing"),
        ({"seed": -1}, "seed: -1 is not a whole number from 0 to 9223372036854775807"),
        ({"seed": 2**63}, "seed: 9223372036854775808"),
        ({"seed": 2**80}, "seed: 1208925819614629174706176"),
        ({"type": 3}, "type: 3 is not a whole number from -1 to 2"),
        ({"type": -2}, "type: -2"),
        ({"type": "a"}, "type: 'a'"),
        ({"truncation": 0}, "truncation: 0.0 is not a number above 0 and up to 1"),
        ({"truncation": 1.01}, "truncation: 1.01"),
        ({"truncation": "1"}, "truncation: '1'"),
        ({"truncation": False}, "truncation: False"),
    ],
)
def test_a_row_that_cannot_be_answered_is_named_with_its_reason(change, said):
    with pytest.raises(ValueError, match=said):
        wishes({"n": 1, "seed": 0}, {"n": 1, "seed": 0} | change)


def test_columns_that_are_not_known_are_named():
    with pytest.raises(ValueError, match="column truncaton, 0: unknown; known are n, seed, type, "):
        read_wishes(pd.DataFrame({"n": [1], "truncaton": [0.5], 0: [1]}), 3, 10, "images")


def test_no_row_and_too_many_rows_are_refused():
    with pytest.raises(ValueError, match="no rows"):
        wishes()
    with pytest.raises(ValueError, match="11 rows, and a request may ask for 10 images"):
        wishes(*[{"n": 1, "seed": 0}] * 11)
    assert len(wishes(*[{"n": 1, "seed": 0}] * 10)) == 10


def test_the_limit_is_of_images_and_of_numbers_unless_the_server_says_another():
    assert request_limit((1, 28, 28), {}) == 1024
    assert request_limit((3, 256, 256), {}) == 85
    assert request_limit((3, 256, 256), {"WHICHGEN_SERVE_MAX_IMAGES": "5000"}) == 5000
    for wrong in ("0", "-1", "many", "1.5", ""):
        with pytest.raises(ValueError, match="WHICHGEN_SERVE_MAX_IMAGES"):
            request_limit((1, 28, 28), {"WHICHGEN_SERVE_MAX_IMAGES": wrong})


@pytest.mark.parametrize("channels", [1, 3])
def test_png_gives_back_every_pixel(channels):
    images = np.random.default_rng(0).integers(0, 256, (3, channels, 8, 8), np.uint8)
    texts = encoder("png", ImageForm.encodings)(images)
    for image, text in zip(images, texts, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
            pixels = np.asarray(picture).reshape(8, 8, channels)
        np.testing.assert_array_equal(pixels.transpose(2, 0, 1), image)
    assert encoder("array", ImageForm.encodings)(images) is images
    with pytest.raises(ValueError, match="'gif' is not one of array, png"):
        encoder("gif", ImageForm.encodings)
