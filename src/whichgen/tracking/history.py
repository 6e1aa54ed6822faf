"""The history of a training, from the files that grow with it or the tables it leaves behind."""

import csv
import hashlib
import json
import math
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError

Row = dict[str, float]


def read_live_history(live: Path) -> list[Row]:
    """The rows of live/history.jsonl in order of step, each with its `seconds`.

    A torn last line, as a killed or a still writing process leaves it, is ignored; so is a row
    whose seconds, written after it, are not there yet: logged without them, it would stay so.
    """
    return _with_seconds(_json_lines(live / "history.jsonl"), _json_lines(live / "timing.jsonl"))


def read_table_history(folder: Path) -> list[Row]:
    """The same rows from history.csv and timing.csv; empty fields are left out."""
    return _with_seconds(_table(folder / "history.csv"), _table(folder / "timing.csv"))


def read_samples(path: Path) -> list[Row]:
    """The samples of a file that grows by a line at a time; a torn line is an empty sample."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [_sample(line) for line in lines]


def fingerprint(row: Row) -> str:
    """A short digest of what a row says, its measured seconds aside."""
    content = json.dumps({key: row[key] for key in sorted(row) if key != "seconds"})
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _with_seconds(
    rows: list[dict[str, Any]] | None, timing: list[dict[str, Any]] | None
) -> list[Row]:
    """The rows that have a time; all of them, without seconds, where no times were kept."""
    merged = {int(row["step"]): row for row in rows or ()}  # a resumed training may repeat a step
    if timing is not None:
        seconds = {int(row["step"]): row["seconds"] for row in timing}
        merged = {s: row | {"seconds": seconds[s]} for s, row in merged.items() if s in seconds}
    return [_finite(merged[step]) for step in sorted(merged)]


def _finite(row: dict[str, Any]) -> Row:
    return {key: float(value) for key, value in row.items() if math.isfinite(float(value))}


def _sample(line: str) -> Row:
    try:
        return _finite(json.loads(line))
    except ValueError:
        return {}


def _json_lines(path: Path) -> list[dict[str, Any]] | None:
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise WhichgenError(
                    f"{path}, line {number}: not JSON; train the cell again"
                ) from error
    return rows


def _table(path: Path) -> list[dict[str, Any]] | None:
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
        ]
