"""The files a shard can be: Parquet as Hugging Face reads it, or a tar as WebDataset reads it.

Each writes the same images to the same bytes: no times, no owners, pinned settings.
"""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from whichgen.grids import png_bytes

Images = npt.NDArray[np.uint8]
Types = npt.NDArray[np.int64]


class ShardFile(AbstractContextManager["ShardFile"], Protocol):
    """A shard that is being written to an open file; leaving it ends the shard, not the file."""

    def add(self, first: int, images: Images, types: Types) -> None:
        """Images (n, C, H, W) with their types (n,); `first` is the number of the first one."""


class ParquetShard:
    """Columns `image` (a PNG file) and, where there are types, `label`.

    The schema's metadata tell Hugging Face's `datasets` that they are an image and a class.
    """

    def __init__(self, file: BinaryIO, type_names: tuple[str, ...]) -> None:
        features: dict[str, object] = {"image": {"_type": "Image"}}
        fields = [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))]
        if type_names:
            features["label"] = {"names": list(type_names), "_type": "ClassLabel"}
            fields.append(("label", pa.int64()))
        known = json.dumps({"info": {"features": features}})
        self._schema = pa.schema(fields, metadata={"huggingface": known})
        self._writer = ParquetWriter(
            file, self._schema, version="2.6", compression="none", use_dictionary=False
        )

    def add(self, first: int, images: Images, types: Types) -> None:
        """See `ShardFile`; a row group."""
        rows = [
            {"image": {"bytes": _png(image), "path": f"{_key(first + i)}.png"}, "label": int(kind)}
            for i, (image, kind) in enumerate(zip(images, types, strict=True))
        ]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def __enter__(self) -> "ParquetShard":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


class TarShard:
    """`<number>.png` and, where there are types, `<number>.cls`, image after image."""

    def __init__(self, file: BinaryIO, type_names: tuple[str, ...]) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self._typed = bool(type_names)

    def add(self, first: int, images: Images, types: Types) -> None:
        """See `ShardFile`."""
        for i, (image, kind) in enumerate(zip(images, types, strict=True)):
            self._add(f"{_key(first + i)}.png", _png(image))
            if self._typed:
                self._add(f"{_key(first + i)}.cls", str(kind).encode())

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)  # time, owner and group are 0, and no names
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))

    def __enter__(self) -> "TarShard":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()


def _key(number: int) -> str:
    return f"{number:09d}"


def _png(image: Images) -> bytes:
    return png_bytes(image.transpose(1, 2, 0))


FORMATS: Mapping[str, tuple[str, Callable[[BinaryIO, tuple[str, ...]], ShardFile]]] = {
    "parquet": ("parquet", ParquetShard),
    "webdataset": ("tar", TarShard),
}
"""The ending of a shard's name, and what writes it, by format."""
