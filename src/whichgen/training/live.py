"""The files that a training writes while it runs, for whoever watches: one folder per cell."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from whichgen.grids import png_bytes
from whichgen.networks import Generator
from whichgen.training.seeding import stream
from whichgen.training.watchers import Row

PREVIEW_ROWS, PREVIEW_COLUMNS = 5, 10


class LiveFiles:
    """`config.json`, `status.json`, `history.jsonl`, `timing.jsonl` and `previews/` in `folder`.

    Nothing is touched before the training starts: what is refused leaves an earlier one's files.
    Rows are appended and flushed as they come. What can differ between two runs of one seed
    (seconds, process id) is kept out of the history.

    Args:
        history, seconds: the rows that a resumed training has, and the seconds before each. What an
            earlier process wrote after them is cut off, and a torn last line with it.
    """

    def __init__(
        self,
        folder: Path,
        configuration: dict[str, Any],
        seed: int,
        history: Sequence[Row] = (),
        seconds: Sequence[float] = (),
    ) -> None:
        self._folder, self._configuration, self._seed = folder, configuration, seed
        self._history, self._seconds, self._begun = history, seconds, False

    def status(self, state: str, error: str | None = None) -> None:
        """Say where a training that has started is: `training`, `finished`, `failed`, `stopped`."""
        if not self._begun:
            return
        record = {"state": state, "pid": os.getpid(), "error": error}
        _write(self._folder / "status.json", _json(record))

    def started(self, steps: int, done: int) -> None:
        """Write what is known, in the place of what is not this training's."""
        self._begun = True
        previews = self._folder / "previews"
        previews.mkdir(parents=True, exist_ok=True)
        looks = {_preview(int(row["step"])) for row in self._history if "validation_fd" in row}
        config = self._folder / "config.json"
        same = config.is_file() and config.read_text() == _json(self._configuration)
        for path in previews.iterdir():
            if not same or path.name not in looks:
                path.unlink()
        _write(self._folder / "history.jsonl", "".join(map(_line, self._history)))
        timing = zip(self._history, self._seconds, strict=True)
        _write(self._folder / "timing.jsonl", "".join(_timing_line(row, s) for row, s in timing))
        _write(config, _json(self._configuration))
        self.status("training")

    def stepped(self, step: int) -> None:
        """Nothing to write between rows."""

    def logged(self, row: Row, seconds: float) -> None:
        """Append the row, and the seconds beside it."""
        self._append("history.jsonl", _line(row))
        self._append("timing.jsonl", _timing_line(row, seconds))

    def validated(self, step: int, generator: Generator) -> None:
        """Draw a grid from the same latents each time, the types in turn where there are types."""
        form = generator.modality.form
        n = form.capacity(PREVIEW_COLUMNS, PREVIEW_ROWS)
        types = torch.arange(n) % generator.n_types if generator.n_types else None
        samples, _ = generator.sample(n, stream(self._seed, "preview"), types)
        stored = generator.modality.to_stored(samples).numpy()
        picture = form.picture(stored, PREVIEW_COLUMNS, least=40)
        (self._folder / "previews" / _preview(step)).write_bytes(png_bytes(picture))

    def _append(self, name: str, line: str) -> None:
        with (self._folder / name).open("a") as file:
            file.write(line)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all: a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def _line(record: Row) -> str:
    return json.dumps(record) + "\n"


def _timing_line(row: Row, seconds: float) -> str:
    return _line({"step": row["step"], "seconds": round(seconds, 3)})


def _preview(step: int) -> str:
    return f"step_{step:08d}.png"
