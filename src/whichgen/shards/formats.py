"""The files a shard can be: Parquet as Hugging Face reads it, or a tar as WebDataset reads it.

Each writes the same samples to the same bytes: no times, no owners, pinned settings.
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

from whichgen.forms import Form, Samples

Types = npt.NDArray[np.int64]


class ShardFile(AbstractContextManager["ShardFile"], Protocol):
    """A shard that is being written to an open file; leaving it ends the shard, not the file."""

    def add(self, first: int, samples: Samples, types: Types) -> None:
        """Samples (n, *shape) with their types (n,); `first` is the number of the first one."""


class ParquetShard:
    """Columns named as a sample is (`image`: a PNG file) and, where there are types, `label`.

    The schema's metadata tell Hugging Face's `datasets` what they are: an image and a class.
    """

    def __init__(self, file: BinaryIO, form: Form, type_names: tuple[str, ...]) -> None:
        self._form = form
        features: dict[str, object] = {form.noun: form.feature()}
        fields = [(form.noun, form.column_type())]
        if type_names:
            features["label"] = {"names": list(type_names), "_type": "ClassLabel"}
            fields.append(("label", pa.int64()))
        known = json.dumps({"info": {"features": features}})
        self._schema = pa.schema(fields, metadata={"huggingface": known})
        self._writer = ParquetWriter(
            file, self._schema, version="2.6", compression="none", use_dictionary=False
        )

    def add(self, first: int, samples: Samples, types: Types) -> None:
        """See `ShardFile`; a row group."""
        form = self._form
        rows = [
            {
                form.noun: form.column(sample, f"{_key(first + i)}.{form.ending}"),
                "label": int(kind),
            }
            for i, (sample, kind) in enumerate(zip(samples, types, strict=True))
        ]
        self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def __enter__(self) -> "ParquetShard":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


class TarShard:
    """A file for each sample (`<number>.png`) and, where there are types, `<number>.cls`."""

    def __init__(self, file: BinaryIO, form: Form, type_names: tuple[str, ...]) -> None:
        self._form = form
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self._typed = bool(type_names)

    def add(self, first: int, samples: Samples, types: Types) -> None:
        """See `ShardFile`."""
        for i, (sample, kind) in enumerate(zip(samples, types, strict=True)):
            self._add(f"{_key(first + i)}.{self._form.ending}", self._form.encode(sample))
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


FORMATS: Mapping[str, tuple[str, Callable[[BinaryIO, Form, tuple[str, ...]], ShardFile]]] = {
    "parquet": ("parquet", ParquetShard),
    "webdataset": ("tar", TarShard),
}
"""The ending of a shard's name, and what writes it, by format."""
