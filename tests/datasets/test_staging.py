"""What is put into a dataset's folder, and what is told of it."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.datasets.forms import png
from whichgen.datasets.incoming import Found
from whichgen.datasets.staging import Staged, stage


@pytest.fixture
def put(tmp_path):
    def put(items):
        folder = tmp_path / "staged"
        folder.mkdir()
        return stage(iter(items), folder, lambda _: None), folder

    return put


def encoded(pixels, form):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=form)
    return buffer.getvalue()


def test_every_unusable_file_is_named_with_its_reason(put, images):
    good = [Found(f"{i}.png", "a", png(image)) for i, image in enumerate(images)]
    bad = {
        "text.png": (b"hello", "is not a PNG, JPEG or WEBP image"),
        "cut.png": (png(images[0])[:-30], "is damaged"),
        "gif.png": (encoded(images[0], "GIF"), "is not a PNG, JPEG or WEBP image"),
        "huge.png": (encoded(np.zeros((8000, 8000), np.uint8), "PNG"), "is too large: 8000×8000"),
        "empty.png": (b"", "is not a PNG, JPEG or WEBP image"),
    }
    staged, _ = put([*good, *(Found(name, "a", content) for name, (content, _) in bad.items())])
    assert {item.origin for item in staged.refused} == set(bad)
    for item in staged.refused:
        assert item.reason.startswith(bad[item.origin][1])


def test_a_repeated_file_is_kept_once_in_each_type(put, images):
    first = [Found("x", "a", png(image)) for image in images[:5]]
    second = [Found("y", "b", png(image)) for image in images[:5]]
    staged, folder = put([*first, *first[:3], *second])
    assert dict(staged.counts) == {"a": 5, "b": 5}
    assert staged.repeated == 3
    assert len(list(folder.glob("*/*.png"))) == 10
    assert list(folder.rglob(".*")) == []


def test_a_type_of_too_few_images_is_refused(put, images):
    many = [Found("x", "a", png(image)) for image in images[:4]]
    staged, _ = put([*many, Found("y", "b", png(images[5]))])
    assert [(item.origin, item.reason[:22]) for item in staged.refused] == [
        ("type b", "has 1 different images")
    ]


def test_bytes_stay_as_they_are_and_the_ending_tells_the_format(put, images):
    colour = np.stack([images[:3]] * 3, axis=-1)
    colour[..., 2] //= 2
    forms = ("PNG", "JPEG", "WEBP")
    contents = [encoded(pixels, form) for pixels, form in zip(colour, forms, strict=True)]
    staged, folder = put([Found("photo.bmp", None, content) for content in contents])
    assert {path.suffix: path.read_bytes() for path in folder.iterdir() if path.is_file()} == dict(
        zip((".png", ".jpg", ".webp"), contents, strict=True)
    )
    assert staged.colour
    assert [item.origin for item in staged.refused] == ["all of it"]  # 3 are too few


@pytest.mark.parametrize(
    ("sides", "resolution"),
    [
        ({(28, 28): 5}, 28),
        ({(64, 64): 5}, 64),
        ({(128, 128): 5}, 32),
        ({(30, 40): 5}, 28),
        ({(500, 400): 5, (20, 20): 2}, 32),
        ({(5, 5): 1}, 8),
    ],
)
def test_the_resolution_is_the_images_own_or_a_usual_one(sides, resolution):
    staged = Staged()
    staged.sides.update(sides)
    assert staged.resolution() == resolution
