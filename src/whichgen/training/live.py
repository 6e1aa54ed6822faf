"""The files that a training writes while it runs, for whoever watches: one folder per cell."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from whichgen.grids import image_grid, magnification, png_bytes
from whichgen.networks import Generator, to_uint8
from whichgen.training.loop import Row
from whichgen.training.seeding import stream

PREVIEW_ROWS, PREVIEW_COLUMNS = 5, 10


class LiveFiles:
    """`config.json`, `status.json`, `history.jsonl`, `timing.jsonl` and `previews/` in `folder`.

    Rows are appended and flushed as they come. What can differ between two runs of one seed
    (seconds, process id) is kept out of the history.
    """

    def __init__(self, folder: Path, configuration: dict[str, Any], seed: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "previews").mkdir(parents=True)
        self._folder, self._seed = folder, seed
        write_json(folder / "config.json", configuration)
        self.status("training")

    def status(self, state: str, error: str | None = None) -> None:
        """Say where the training is: `training`, `finished` or `failed`."""
        record = {"state": state, "pid": os.getpid(), "error": error}
        write_json(self._folder / "status.json", record)

    def started(self, steps: int) -> None:
        """Nothing to write: the steps are in the configuration's budget."""

    def stepped(self, step: int) -> None:
        """Nothing to write between rows."""

    def logged(self, row: Row, seconds: float) -> None:
        """Append the row, and the seconds beside it."""
        self._append("history.jsonl", row)
        self._append("timing.jsonl", {"step": row["step"], "seconds": round(seconds, 3)})

    def validated(self, step: int, generator: Generator) -> None:
        """Draw a grid from the same latents each time, the types in turn where there are types."""
        n = PREVIEW_ROWS * PREVIEW_COLUMNS
        types = torch.arange(n) % generator.n_types if generator.n_types else None
        images, _ = generator.sample(n, stream(self._seed, "preview"), types)
        scale = magnification(images.shape[2], 40)
        grid = image_grid(to_uint8(images).numpy(), PREVIEW_COLUMNS, scale)
        (self._folder / "previews" / f"step_{step:08d}.png").write_bytes(png_bytes(grid))

    def _append(self, name: str, record: dict[str, Any]) -> None:
        with (self._folder / name).open("a") as file:
            file.write(json.dumps(record) + "\n")


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write the record whole or not at all: a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=2) + "\n")
    part.replace(path)
