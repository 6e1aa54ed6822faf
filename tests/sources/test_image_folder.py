"""A user's folder: types from folders, no labels when flat, one clear error for every mistake."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichgen.errors import WhichgenError
from whichgen.sources.image_folder import RESOLUTIONS, load

NOBODY = 65534


def picture(seed: int, shape: tuple[int, ...] = (8, 8)) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 256, shape, dtype=np.uint8)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def error_of(raw: Path, **options: object) -> str:
    with pytest.raises(WhichgenError) as caught:
        load(raw, **{"resolution": 8, **options})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_resolutions_are_4_to_7_times_a_power_of_two() -> None:
    scaled = {m * 2**p for m in (4, 5, 6, 7) for p in range(1, 5)}
    assert set(RESOLUTIONS) == {size for size in scaled if 8 <= size <= 64}


def test_folders_are_types_and_pixels_come_back(tmp_path: Path) -> None:
    files = ["b dog/2.png", "b dog/10.png", "Cat/x.png", "a/y.png", "a/Z.png"]
    for i, file in enumerate(files):
        save(tmp_path / file, picture(i))
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "a" / ".hidden").touch()
    (tmp_path / ".git").mkdir()
    data = load(tmp_path, resolution=8)
    assert data.type_names == ("Cat", "a", "b dog")
    assert data.origins == ("Cat/x.png", "a/Z.png", "a/y.png", "b dog/10.png", "b dog/2.png")
    np.testing.assert_array_equal(data.labels, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(data.images[:, 0], [picture(i) for i in (2, 4, 3, 1, 0)])
    assert data.images.shape == (5, 1, 8, 8)
    assert data.images.dtype == np.uint8
    assert data.given_split is None


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    for i in (2, 0, 1):
        save(tmp_path / f"{i}.png", picture(i))
    data = load(tmp_path, resolution=8)
    assert data.labels is None
    assert data.type_names is None
    assert data.origins == ("0.png", "1.png", "2.png")
    np.testing.assert_array_equal(data.images[:, 0], [picture(i) for i in range(3)])


def test_one_colour_image_makes_all_rgb(tmp_path: Path) -> None:
    grey, colour = picture(0), picture(1, (8, 8, 3))
    save(tmp_path / "grey.png", grey)
    save(tmp_path / "grey as rgb.png", np.stack([grey] * 3, axis=-1))
    assert load(tmp_path, resolution=8).images.shape == (2, 1, 8, 8)
    assert load(tmp_path, resolution=8, channels=3).images.shape == (2, 3, 8, 8)
    save(tmp_path / "colour.png", colour)
    mixed = load(tmp_path, resolution=8)
    assert mixed.origins == ("colour.png", "grey as rgb.png", "grey.png")
    np.testing.assert_array_equal(mixed.images[0], colour.transpose(2, 0, 1))
    np.testing.assert_array_equal(mixed.images[2], np.stack([grey] * 3))
    forced = load(tmp_path, resolution=8, channels=1)
    assert forced.images.shape == (3, 1, 8, 8)
    np.testing.assert_array_equal(forced.images[2, 0], grey)


def test_mixed_formats_modes_and_sizes_load_together(tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture(0, (40, 30, 4)))
    save(tmp_path / "b.jpg", picture(1, (5, 90)))
    save(tmp_path / "c.webp", picture(2, (64, 64, 3)))
    save(tmp_path / "d.png", picture(3).astype(np.uint16) * 257)
    assert load(tmp_path, resolution=28).images.shape == (4, 3, 28, 28)


def test_names_that_are_not_utf8_can_be_printed(tmp_path: Path) -> None:
    for name in (b"a.png", b"\xff.png"):
        save(tmp_path / os.fsdecode(name), picture(0))
    assert load(tmp_path, resolution=8).origins == ("a.png", "\\udcff.png")


@pytest.mark.parametrize("resolution", [0, 7, 9, 18, 30, 65, 128, "28", None])
def test_an_odd_resolution_lists_the_good_ones(tmp_path: Path, resolution: object) -> None:
    message = error_of(tmp_path, resolution=resolution)
    assert f"resolution is {resolution!r}" in message
    assert "8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64" in message


def test_an_odd_number_of_channels_is_refused(tmp_path: Path) -> None:
    assert "channels is 4, must be 1, 3 or null" in error_of(tmp_path, channels=4)


def test_folders_of_another_form(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    assert error_of(raw).startswith(f"{raw}: no such folder")
    raw.mkdir()
    assert error_of(raw).startswith(f"{raw}: holds no images")
    (raw / ".hidden").touch()
    assert error_of(raw).startswith(f"{raw}: holds no images")
    save(raw / "one.png", picture(0))
    assert error_of(raw).startswith(f"{raw}: holds one image")
    assert error_of(raw / "one.png").startswith(f"{raw / 'one.png'}: is a file")
    save(raw / "cats" / "two.png", picture(0))
    assert "holds both files (one.png) and folders (cats)" in error_of(raw)
    (raw / "one.png").unlink()
    (raw / "dogs").mkdir()
    assert error_of(raw).startswith(f"{raw / 'dogs'}: this class folder is empty")
    (raw / "dogs").rmdir()
    (raw / "linked").symlink_to(raw / "cats")
    assert error_of(raw).startswith(f"{raw / 'linked'}: is a link to a folder")


def test_every_unusable_file_is_named_with_its_reason(tmp_path: Path) -> None:
    save(tmp_path / "cats" / "good.png", picture(0))
    save(tmp_path / "cats" / "cut.png", picture(0))
    cut = (tmp_path / "cats" / "cut.png").read_bytes()[:-60]
    (tmp_path / "cats" / "cut.png").write_bytes(cut)
    (tmp_path / "dogs" / "nested").mkdir(parents=True)
    (tmp_path / "dogs" / "link.png").symlink_to(tmp_path / "cats" / "good.png")
    (tmp_path / "dogs" / "notes.txt").write_text("not an image")
    message = error_of(tmp_path)
    assert message.startswith(f"{tmp_path}: 4 of 5 files can't be used: cats/cut.png is damaged")
    assert "; dogs/link.png is a link" in message
    assert "; dogs/nested is a folder inside a folder of images" in message
    assert "; dogs/notes.txt is not a PNG, JPEG or WEBP image" in message
    assert message.endswith("Mend or remove them and run again")


def test_ten_reasons_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    for i in range(13):
        (tmp_path / f"{i:02}.txt").touch()
    message = error_of(tmp_path)
    assert "13 of 13 files can't be used" in message
    assert [f"{i:02}.txt" in message for i in range(13)] == [True] * 10 + [False] * 3
    assert "; and 3 more." in message


def test_limits_are_the_callers(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / f"{i}.png", picture(i, (9, 8)))
    assert len(load(tmp_path, resolution=8, max_files=3, max_pixels=72).images) == 3
    assert "3 files, max_files is 2" in error_of(tmp_path, max_files=2)
    assert "0.png is too large: 8×9 pixels, max_pixels is 71" in error_of(tmp_path, max_pixels=71)
    assert "max_bytes is 10" in error_of(tmp_path, max_bytes=10)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter, for a test that gives up root's rights."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def as_ordinary_user() -> Iterator[None]:
    Image.init()  # its plugins are files too
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    yield
    if root:
        os.seteuid(0)


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o600])
def test_a_folder_without_permission_is_named(
    open_folder: Path, request: pytest.FixtureRequest, mode: int
) -> None:
    raw = open_folder / "raw"
    save(raw / "cats" / "a.png", picture(0))
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    os.chown(raw, owner, -1)
    raw.chmod(mode)
    request.getfixturevalue("as_ordinary_user")
    message = error_of(raw)
    assert str(raw) in message
    assert message.endswith("no permission to read this")


def test_a_file_without_permission_is_named(
    open_folder: Path, request: pytest.FixtureRequest
) -> None:
    for name in ("a.png", "b.png"):
        save(open_folder / name, picture(0))
    (open_folder / "b.png").chmod(0)
    request.getfixturevalue("as_ordinary_user")
    assert "b.png can't be read: no permission" in error_of(open_folder)
