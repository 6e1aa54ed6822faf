"""All scored cells of one dataset, read from their folders."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from kedro.io import AbstractDataset

from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.comparison.cells import Cell


_PICTURES = ("samples", "interpolations")


class CellsDataset(AbstractDataset[NoReturn, "list[Cell]"]):
    """Every cell with a scores file, ordered by recipe and seed.

    Args:
        scores, models, outputs: the dataset's folders of scores, of training files and of samples;
            in each a cell is `<recipe>/<seed>/`.
    """

    def __init__(
        self, *, scores: str, models: str, outputs: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._scores, self._models, self._outputs = Path(scores), Path(models), Path(outputs)
        self.metadata = metadata

    def load(self) -> "list[Cell]":
        """The cells; empty if none is scored yet.

        Raises:
            WhichgenError: if a file of one is missing, as while it is trained again.
        """
        found = sorted(self._scores.glob("*/*/scores.json"))
        folders = [path.parent.relative_to(self._scores) for path in found]
        try:
            return [self._cell(f) for f in sorted(folders, key=lambda f: (f.parts[0], int(f.name)))]
        except FileNotFoundError as error:
            raise WhichgenError(
                f"{error.filename}: missing, though the cell has scores: its training "
                "is at work or was broken off; let it end (dvc repro goes on, dvc pull fetches), "
                "then run this again"
            ) from None

    def save(self, data: NoReturn) -> None:
        """Refused: cells are written by the pipelines that train and score them."""
        raise TypeError("cells are written one by one, by training and evaluation")

    def _cell(self, folder: Path) -> "Cell":
        import pandas as pd

        from whichgen.comparison.cells import Cell

        outputs = self._outputs / folder
        samples, strips = (_arrays(outputs / f"{name}.safetensors") for name in _PICTURES)
        return Cell.from_scores(
            json.loads((self._scores / folder / "scores.json").read_text()),
            history=pd.read_csv(self._models / folder / "history.csv"),
            timing=pd.read_csv(self._models / folder / "timing.csv"),
            measured=json.loads((self._models / folder / "measured.json").read_text()),
            samples=samples.get("images"),
            sample_types=samples.get("types"),
            neighbours=_arrays(outputs / "neighbours.safetensors"),
            strips=strips.get("images"),
            strip_types=strips.get("types"),
        )

    def _exists(self) -> bool:
        return self._scores.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"scores": str(self._scores), "models": str(self._models)}


def _arrays(path: Path) -> dict[str, Any]:
    """The arrays in the file; none where an older evaluation did not write it."""
    from safetensors.numpy import load_file

    return load_file(path) if path.is_file() else {}
