"""One image file: its pixels by mode, orientation and size, or the reason why not."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichgen.sources.decoding import UnusableImageError, decode_image

RNG = np.random.Generator(np.random.PCG64(0))
GREY = RNG.integers(0, 256, (8, 8), dtype=np.uint8)
RGB = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)


def decode(path: Path, resolution: int = 8, channels: int = 3) -> np.ndarray:
    return decode_image(
        path, resolution=resolution, channels=channels, max_pixels=1000, max_bytes=10_000
    )


def saved(folder: Path, image: Image.Image, name: str = "a.png", **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


def test_pixels_of_the_right_size_are_kept(tmp_path: Path) -> None:
    rgb = saved(tmp_path, Image.fromarray(RGB), "rgb.png")
    np.testing.assert_array_equal(decode(rgb), RGB.transpose(2, 0, 1))
    grey = saved(tmp_path, Image.fromarray(GREY), "grey.png")
    np.testing.assert_array_equal(decode(grey, channels=1), GREY[None])
    np.testing.assert_array_equal(decode(grey), np.stack([GREY] * 3))
    lossless = saved(tmp_path, Image.fromarray(RGB), "a.webp", lossless=True)
    np.testing.assert_array_equal(decode(lossless), RGB.transpose(2, 0, 1))


def test_grey_of_a_colour_is_its_luma(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(RGB))
    luma = RGB @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(decode(path, channels=1)[0], luma, rtol=0, atol=0.51)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    values = RNG.integers(0, 65536, (8, 8), dtype=np.uint16)
    values[0, :4] = (0, 257, 32768, 65535)
    path = saved(tmp_path, Image.fromarray(values))
    with Image.open(path) as image:
        assert image.mode == "I;16"
    np.testing.assert_array_equal(decode(path, channels=1)[0], np.rint(values / 257))


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_images_lie_on_white(tmp_path: Path, mode: str) -> None:
    grey = np.array([[10, 10, 10]], np.uint8).repeat(8, 0)
    alpha = np.array([[0, 255, 102]], np.uint8).repeat(8, 0)  # 102 / 255 = 0.4
    bands = [grey] * (len(mode) - 1)
    picture = np.full((8, 8, len(mode)), 255, np.uint8)
    picture[:, :3] = np.stack([*bands, alpha], axis=-1)
    path = saved(tmp_path, Image.fromarray(picture, mode=None))
    with Image.open(path) as image:
        assert image.mode == mode
    # clear: white; solid: its own grey; 0.4: 0.4 * 10 + 0.6 * 255
    np.testing.assert_array_equal(decode(path)[:, :, :3], [[[255, 10, 157]] * 8] * 3)


def test_palettes_are_looked_up(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30, 40, 50, 60])
    image.putpixel((2, 0), 2)
    plain = decode(saved(tmp_path, image, "plain.png"))
    np.testing.assert_array_equal(plain[:, 0, 2], (40, 50, 60))
    np.testing.assert_array_equal(plain[:, 0, 3], (10, 20, 30))
    clear = decode(saved(tmp_path, image, "clear.png", transparency=2))
    np.testing.assert_array_equal(clear[:, 0, 2], (255, 255, 255))
    np.testing.assert_array_equal(clear[:, 0, 3], (10, 20, 30))


def test_black_and_white_is_0_and_255(tmp_path: Path) -> None:
    bits = GREY > 127
    path = saved(tmp_path, Image.fromarray(bits))
    with Image.open(path) as image:
        assert image.mode == "1"
    np.testing.assert_array_equal(decode(path, channels=1)[0], bits * 255)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixels = decode(saved(tmp_path, red, "a.jpg", quality=100)).astype(int)
    np.testing.assert_allclose(pixels, np.full((8, 8, 3), (255, 0, 0)).transpose(2, 0, 1), atol=2)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, GREY),
        (2, GREY[:, ::-1]),
        (3, GREY[::-1, ::-1]),
        (4, GREY[::-1]),
        (5, GREY.T),
        (6, np.rot90(GREY, -1)),
        (7, GREY[::-1, ::-1].T),
        (8, np.rot90(GREY)),
    ],
)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, upright: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(GREY), exif=exif)
    np.testing.assert_array_equal(decode(path, channels=1)[0], upright)


def test_the_centre_is_cropped(tmp_path: Path) -> None:
    wide = RNG.integers(0, 256, (8, 13), dtype=np.uint8)
    path = saved(tmp_path, Image.fromarray(wide), "wide.png")
    np.testing.assert_array_equal(decode(path, channels=1)[0], wide[:, 2:10])
    path = saved(tmp_path, Image.fromarray(wide.T), "tall.png")
    np.testing.assert_array_equal(decode(path, channels=1)[0], wide.T[2:10])


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (20, 20), (31, 17)])
def test_other_sizes_are_resized(tmp_path: Path, size: tuple[int, int]) -> None:
    path = saved(tmp_path, Image.new("RGB", size, (10, 200, 30)))
    expected = np.full((12, 12, 3), (10, 200, 30)).transpose(2, 0, 1)
    np.testing.assert_array_equal(decode(path, resolution=12), expected)


def test_a_smooth_image_keeps_its_shape_when_shrunk(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))  # 0, 8, ... 248
    path = saved(tmp_path, Image.fromarray(ramp[:, :32]))
    small = decode_image(path, resolution=8, channels=1, max_pixels=1024, max_bytes=10_000)
    # the inner pixels are the means of 4 columns each
    np.testing.assert_allclose(small[0, :, 2:6], ramp.reshape(32, 8, 4).mean(2)[:8, 2:6], atol=0.5)


def test_a_large_jpeg_looks_like_the_same_image_in_png(tmp_path: Path) -> None:
    large = Image.fromarray(RGB).resize((640, 512), Image.Resampling.BICUBIC)
    limits = {"resolution": 16, "channels": 3, "max_pixels": 640 * 512, "max_bytes": 1 << 20}
    exact = decode_image(saved(tmp_path, large, "a.png"), **limits)
    jpeg = saved(tmp_path, large, "a.jpg", quality=100, subsampling=0)
    np.testing.assert_allclose(decode_image(jpeg, **limits).astype(int), exact, rtol=0, atol=4)
    with pytest.raises(UnusableImageError, match="640×512 pixels"):
        decode_image(jpeg, **{**limits, "max_pixels": 640 * 512 - 1})


def png_claiming(width: int, height: int) -> bytes:
    """The head of a PNG file of that size, without its pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        length, crc = struct.pack(">I", len(body)), zlib.crc32(kind + body)
        return length + kind + body + struct.pack(">I", crc)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a PNG, JPEG or WEBP image"),
        (b"hello", "is not a PNG, JPEG or WEBP image"),
        (b"GIF89a" + bytes(100), "is not a PNG, JPEG or WEBP image"),
        (png_claiming(40, 26), "is too large: 40×26 pixels, max_pixels is 1000"),
        (png_claiming(10_000, 10_000), "is too large: 10000×10000 pixels, max_pixels is 1000"),
        (png_claiming(60_000, 60_000), "is too large for Pillow, max_pixels is 1000"),
        (bytes(10_001), "is too large: 10001 bytes, max_bytes is 10000"),
        (png_claiming(8, 8), "is damaged ("),
    ],
    ids=["empty", "text", "gif", "wide", "huge", "enormous", "heavy", "no pixels"],
)
def test_bad_content_has_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(UnusableImageError) as caught:
        decode(path)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_truncated_image_is_damaged(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, Image.fromarray(RGB), name)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnusableImageError) as caught:
        decode(path)
    assert str(caught.value).startswith("is damaged (")
    assert str(tmp_path) not in str(caught.value)


def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("L", (40, 25)))  # 1000 pixels
    size = path.stat().st_size
    limits = {"resolution": 8, "channels": 1, "max_pixels": 1000}
    assert decode_image(path, **limits, max_bytes=size).shape == (1, 8, 8)
    with pytest.raises(UnusableImageError, match="too large"):
        decode_image(path, **limits, max_bytes=size - 1)


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    target = saved(tmp_path, Image.fromarray(RGB))
    (tmp_path / "link.png").symlink_to(target)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in (
        ("link.png", "is a link"),
        ("folder.png", "is a folder inside a folder of images"),
        ("pipe.png", "is not a plain file"),
    ):
        with pytest.raises(UnusableImageError, match=reason):
            decode(tmp_path / name)
