"""IDX files: parsed by their header, refused when anything is off."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from whichgen.errors import WhichgenError
from whichgen.sources.idx import IdxFile, parse_idx, read_idx

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = bytes((0, 0, 8, 3)) + struct.pack(">3I", 2, 3, 4) + VALUES.tobytes()
EXPECTED = IdxFile("x.gz", (2, 3, 4), hashlib.sha256(CONTENT).hexdigest())


def test_known_values_come_back(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(CONTENT))
    values = read_idx(path, EXPECTED)
    assert values.dtype == np.uint8
    np.testing.assert_array_equal(values, VALUES)


def test_unpacked_size_counts_header_and_values() -> None:
    assert EXPECTED.unpacked_bytes == len(CONTENT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic number , expected 00000803"),
        (b"\x00\x00\x08\x01" + CONTENT[4:], "magic number 00000801, expected 00000803"),
        (b"\x00\x00\x0d\x03" + CONTENT[4:], "magic number 00000d03"),
        (CONTENT[:4] + struct.pack(">3I", 2, 4, 3) + CONTENT[16:], "dimensions are not (2, 3, 4)"),
        (CONTENT[:10], "dimensions are not (2, 3, 4)"),
        (CONTENT[:-1], "23 values, its header says 24"),
        (CONTENT + b"\x00", "25 values, its header says 24"),
    ],
    ids=["empty", "dimensions", "value type", "order", "short header", "short", "long"],
)
def test_a_wrong_header_or_size_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(WhichgenError) as caught:
        parse_idx(content, "some-file", (2, 3, 4))
    assert str(caught.value).startswith("some-file: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (gzip.compress(CONTENT[:-1] + b"\xff"), "not the original file"),
        (gzip.compress(CONTENT + bytes(1 << 20)), "not the original file"),
        (gzip.compress(CONTENT)[:-12], "can't be unpacked"),
        (CONTENT, "can't be unpacked"),
        (b"", "not the original file"),
    ],
    ids=["changed", "bomb", "truncated", "not gzip", "empty"],
)
def test_other_bytes_are_refused_with_the_files_name(
    tmp_path: Path, stored: bytes, message: str
) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(stored)
    with pytest.raises(WhichgenError) as caught:
        read_idx(path, EXPECTED)
    assert str(caught.value).startswith(f"{path}: {message}")
