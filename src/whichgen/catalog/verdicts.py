"""The verdicts of all datasets, read from their folders."""

import json
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset


class VerdictsDataset(AbstractDataset[NoReturn, dict[str, dict[str, Any]]]):
    """Every dataset's verdict by the dataset's name, in the order of the names.

    Args:
        folder: holds a folder a dataset, its verdict at `<dataset>/comparison/verdict.json`.
    """

    def __init__(self, *, folder: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(folder)
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, Any]]:
        """The verdicts; empty if there is none yet."""
        found = sorted(self._folder.glob("*/comparison/verdict.json"))
        return {path.parts[-3]: json.loads(path.read_text(encoding="utf-8")) for path in found}

    def save(self, data: NoReturn) -> None:
        """Refused: each verdict is written by its dataset's comparison."""
        raise TypeError("verdicts are written one by one, by the comparison of each dataset")

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder)}
