"""A PNG file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from whichgen.catalog.whole import write_whole

if TYPE_CHECKING:
    from whichgen.grids import Pixels


class PictureDataset(AbstractDataset["Pixels", bytes]):
    """Saves a uint8 array (H, W, C), C = 1 or 3, as PNG; loads the file's bytes.

    Args:
        filepath: the file, relative to the project's root.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath, self.metadata = Path(filepath), metadata

    def load(self) -> bytes:
        """The PNG file as it is."""
        return self._filepath.read_bytes()

    def save(self, data: "Pixels") -> None:
        """Write the picture, whole or not at all."""
        from whichgen.grids import png_bytes

        write_whole(self._filepath, png_bytes(data))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
