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
    """The rows of live/history.jsonl in order of step, each with its `seconds` where known.

    A torn last line, as a killed or a still writing process leaves it, is ignored.
    """
    return _with_seconds(_json_lines(live / "history.jsonl"), _json_lines(live / "timing.jsonl"))


def read_table_history(folder: Path) -> list[Row]:
    """The same rows from history.csv and timing.csv; empty fields are left out."""
    return _with_seconds(_table(folder / "history.csv"), _table(folder / "timing.csv"))


def fingerprint(row: Row) -> str:
    """A short digest of what a row says, its measured seconds aside."""
    content = json.dumps({key: row[key] for key in sorted(row) if key != "seconds"})
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _with_seconds(rows: list[dict[str, Any]], timing: list[dict[str, Any]]) -> list[Row]:
    seconds = {int(row["step"]): row["seconds"] for row in timing}
    merged = {int(row["step"]): row for row in rows}  # a resumed training may repeat a step
    for step, row in merged.items():
        if step in seconds:
            row["seconds"] = seconds[step]
    return [_finite(merged[step]) for step in sorted(merged)]


def _finite(row: dict[str, Any]) -> Row:
    return {key: float(value) for key, value in row.items() if math.isfinite(float(value))}


def _json_lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
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


def _table(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
        ]
