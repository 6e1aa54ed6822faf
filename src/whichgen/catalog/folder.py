"""A folder that a node reads from or writes into by itself."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset


class FolderDataset(AbstractDataset[Any, Path]):
    """Loads as the folder's path; there is nothing to save.

    Args:
        filepath: the folder, relative to the project's root. It need not exist.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath, self.metadata = Path(filepath), metadata

    def load(self) -> Path:
        """The path."""
        return self._filepath

    def save(self, data: Any) -> None:
        """Refused: the node that owns the folder writes its files."""
        raise TypeError(f"{self._filepath} is a folder; it is written by its node")

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
