"""Gzipped IDX files (the format of MNIST): unpacked, checked, parsed."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError

_UBYTE = 8  # the third byte of the magic number: unsigned 8-bit values


@dataclass(frozen=True)
class IdxFile:
    """A gzipped IDX file and what it must hold.

    Size and SHA-256 are those of the unpacked bytes, because packagers recompress the files.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def unpacked_bytes(self) -> int:
        """Size of the unpacked file: magic number, one word per dimension, one byte per value."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


def read_idx(path: Path, expected: IdxFile) -> npt.NDArray[np.uint8]:
    """The array in `path`, of shape `expected.shape`.

    Unpacks at most one byte more than expected, whatever the file claims.

    Raises:
        WhichgenError: the file can't be read or unpacked, or isn't the expected one.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(expected.unpacked_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise WhichgenError(f"{path}: can't be unpacked ({error})") from error
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise WhichgenError(
            f"{path}: not the original file (the SHA-256 of what it holds is not"
            f" {expected.sha256}); delete it and run again"
        )
    return parse_idx(content, str(path), expected.shape)


def parse_idx(content: bytes, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The values of an unpacked IDX file, checked against its own header and `shape`.

    The header is big-endian: two zero bytes, the value type, the number of dimensions, then
    each dimension as 32 bits (http://yann.lecun.com/exdb/mnist, "the IDX file format").

    Raises:
        WhichgenError: another magic number, other dimensions, or values missing or left over.
    """
    magic = bytes((0, 0, _UBYTE, len(shape)))
    header = magic + struct.pack(f">{len(shape)}I", *shape)
    if content[:4] != magic:
        raise WhichgenError(f"{name}: magic number {content[:4].hex()}, expected {magic.hex()}")
    if content[: len(header)] != header:
        raise WhichgenError(f"{name}: its header's dimensions are not {shape}")
    values = np.frombuffer(content, np.uint8, offset=len(header))
    if values.size != math.prod(shape):
        raise WhichgenError(f"{name}: {values.size} values, its header says {math.prod(shape)}")
    return values.reshape(shape)
