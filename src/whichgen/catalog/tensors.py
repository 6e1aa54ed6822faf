"""Named tensors in one file, in a format without code in it and with the same bytes every time."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from whichgen.catalog.whole import write_whole
from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from torch import Tensor

    from whichgen.training.packed import Rest


class SafetensorsDataset(AbstractDataset["dict[str, Tensor]", "dict[str, Tensor]"]):
    """A mapping of names to CPU tensors as a safetensors file.

    Args:
        filepath: the file, relative to the project's root.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath, self.metadata = Path(filepath), metadata

    def load(self) -> "dict[str, Tensor]":
        """All tensors of the file."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(self._filepath)
        except SafetensorError as error:
            raise WhichgenError(
                f"{self._filepath}: not a whole safetensors file ({error}); "
                "remove it and run the pipeline that makes it"
            ) from None

    def save(self, data: "dict[str, Tensor]") -> None:
        """Write the file, whole or not at all."""
        from safetensors.torch import save

        # As bytes: safetensors' own writer hides a full disk behind an error of its own.
        tensors = {name: t.detach().cpu().contiguous() for name, t in data.items()}
        write_whole(self._filepath, save(tensors))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class PackedDataset(SafetensorsDataset):
    """A packed split whose tensor `images` loads as `PackedImages`, which reads them when asked.

    Args:
        filepath: the file, relative to the project's root.
        data: where its images rest, see `PackedImages`.
    """

    def __init__(
        self, *, filepath: str, data: "Rest" = "auto", metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self._data = data

    def load(self) -> "dict[str, Any]":
        """`images`, and `types` (N,) int64 as a tensor."""
        from whichgen.training.packed import load_split

        return load_split(self._filepath, self._data)
