"""Training images that stay in their file and are read as they are asked for."""

import copy
import json
import logging
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open
from torch import Tensor

from whichgen.errors import WhichgenError
from whichgen.training.devices import available_memory

Rest = Literal["auto", "memory", "stream"]
DTYPES = {  # as safetensors names them
    "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
    "I64": torch.int64, "F16": torch.float16, "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip
SHARE = 0.5  # of the memory available, that resting images may take

logger = logging.getLogger(__name__)


def load_split(path: Path, rest: Rest = "auto") -> dict[str, Any]:
    """A packed split: its `images` as `PackedImages`, its `types` (N,) int64 as a tensor."""
    images = PackedImages(path, rest)
    with safe_open(path, framework="pt") as file:
        return {"images": images, "types": file.get_tensor("types").clone()}


class _OpenFile:
    """A file to be read at any place by any thread, closed with the last that refers to it."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.number)

    def read(self, size: int, position: int) -> bytes:
        """At most so many bytes from there; none at the end of the file."""
        return os.pread(self.number, size, position)


class PackedImages:
    """The tensor `images` (N, *shape) of a safetensors file: samples, whatever their modality.

    Slices, `split` and `read` give tensors. Bytes are read, not mapped: pages of a mapping count as
    the process's own memory, and the kernel may map two megabytes for each image touched.

    Args:
        path: the file. rest: where `to` puts the images; `auto` leaves them in the file if they
            would take more than half of the memory that the device has left.

    Raises:
        WhichgenError: if the file is not whole.
    """

    def __init__(self, path: Path, rest: Rest = "auto") -> None:
        self._path, self._rest, self.device = path, rest, torch.device("cpu")
        self._file = _OpenFile(path)
        self.shape, self._start, self._dtype = self._find_images()
        self._size = self.shape[1:].numel() * self._dtype.itemsize  # bytes of an image

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice) -> Tensor:
        """Images next to each other, on the device."""
        start, end, _ = part.indices(len(self))
        return self._read_span(start, max(start, end)).to(self.device)

    def split(self, n: int) -> Iterator[Tensor]:
        """All images, n at a time, on the device."""
        return (self[i : i + n] for i in range(0, len(self), n))

    def read(self, index: Tensor) -> Tensor:
        """The images at `index` (…) as (…, *shape), in the CPU's memory, pinned for CUDA."""
        images = self._room(len(index.flatten()))
        rows, size = _bytes(images), self._size
        for place, row in enumerate(index.flatten().tolist()):
            self._fill(rows[place * size : (place + 1) * size], row)
        return images.reshape(index.shape + self.shape[1:])

    def to(self, device: torch.device | str) -> "Tensor | PackedImages":
        """All images on the device, or these on the way to it if they are to stay in the file."""
        device = torch.device(device)
        if self._rest == "memory" or (self._rest == "auto" and self._fit(device)):
            return self._read_span(0, len(self)).to(device)
        moved = copy.copy(self)
        moved.device = device
        return moved

    def __deepcopy__(self, memo: Any) -> "PackedImages":
        """Itself: nothing of it changes, and a file cannot be copied."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, which opens the file by itself."""
        return _reopened, (self._path, self._rest, self.device)

    def _fit(self, device: torch.device) -> bool:
        needed, available = len(self) * self._size, available_memory(device)
        fits = needed <= SHARE * available
        if not fits:
            logger.info(
                "%s: %.1f GB of images, %.1f GB left on %s: streamed (data: memory would not)",
                self._path, needed / 1e9, available / 1e9, device,
            )  # fmt: skip
        return fits

    def _read_span(self, start: int, end: int) -> Tensor:
        images = self._room(end - start)
        self._fill(_bytes(images), start)
        return images

    def _room(self, n: int) -> Tensor:
        pinned = self.device.type == "cuda"
        return torch.empty((n, *self.shape[1:]), dtype=self._dtype, pin_memory=pinned)

    def _fill(self, target: memoryview, row: int) -> None:
        """With the bytes from the image `row` on."""
        position = self._start + row * self._size
        while target:
            count = os.preadv(self._file.number, (target,), position)
            if not count:
                raise self._damaged("it has become shorter")
            target, position = target[count:], position + count

    def _find_images(self) -> tuple[torch.Size, int, torch.dtype]:
        """Shape, place in the file and type of theirs (huggingface.co/docs/safetensors)."""
        try:
            length = int.from_bytes(self._file.read(8, 0), "little")
            header = json.loads(self._file.read(length, 8))
            tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
            end = max(entry["data_offsets"][1] for entry in tensors.values())
            images = tensors["images"]
            dtype = DTYPES[images["dtype"]]
        except (ValueError, KeyError, OverflowError, MemoryError):
            raise self._damaged("no header with images") from None
        wanted, there = 8 + length + end, os.fstat(self._file.number).st_size
        if wanted != there:
            raise self._damaged(f"{there:,} bytes, not {wanted:,}")
        return torch.Size(images["shape"]), 8 + length + images["data_offsets"][0], dtype

    def _damaged(self, reason: str) -> WhichgenError:
        return WhichgenError(
            f"{self._path}: not a whole safetensors file ({reason}); "
            "remove it and run the pipeline that makes it"
        )


Images = Tensor | PackedImages


def _bytes(images: Tensor) -> memoryview:
    return images.view(torch.uint8).numpy().reshape(-1).data


def _reopened(path: Path, rest: Rest, device: torch.device) -> PackedImages:
    images = PackedImages(path, rest)
    images.device = device
    return images
