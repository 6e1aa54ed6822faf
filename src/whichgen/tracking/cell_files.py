"""What lies on disk about a cell, whether it trains, has ended or came from another machine."""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from whichgen.tracking.history import (
    Row,
    read_live_history,
    read_samples,
    read_table_history,
)
from whichgen.tracking.witness import PROVENANCE, SYSTEM

State = Literal["training", "finished", "failed", "stopped"]
Moment = Literal["live", "end", "later"]
Key = tuple[str, str, int]  # dataset, recipe, seed

RAW = Path("data/01_raw")
MODELS = Path("data/06_models")
OUTPUTS = Path("data/07_model_output")
REPORTS = Path("data/08_reporting")
INPUTS = Path("data/05_model_input")


@dataclass(frozen=True, kw_only=True)
class CellFiles:
    """One dataset × recipe × seed, as far as its files go.

    Attributes:
        state: "stopped" is a training that a signal stopped, or whose process ended in silence.
        configuration: the resolved configuration, None where there is no file of this cell.
        started_ms: when the configuration was written, in ms since 1970; now, where it was not.
        provenance: tags that were written down when the training began. system: samples of the
            machine's load, each with its `time_ms`.
        history: rows with `step`, `flops`, the loss terms…, and `seconds` where known.
        previews: sample grids by training step. grids: the evaluation's, by name.
        cell, measured, scores: the content of the JSON files of those names, {} where missing.
        written_ms: when the last of these was written.
        dataset_info: the content of the dataset's info.json.
        generator: folder with generator.safetensors and cell.json of a training that went well.
    """

    key: Key
    state: State
    error: str | None = None
    configuration: dict[str, Any] | None = None
    started_ms: int = field(default=0, compare=False)
    provenance: dict[str, str] = field(default_factory=dict)
    system: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    previews: dict[int, Path] = field(default_factory=dict)
    grids: dict[str, Path] = field(default_factory=dict)
    cell: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    written_ms: int = 0
    dataset_info: dict[str, Any] = field(default_factory=dict)
    generator: Path | None = None

    @property
    def name(self) -> str:
        """dataset/recipe/seed."""
        return "/".join(map(str, self.key))


def cell_path(key: Key) -> Path:
    """The cell's folder among the models and among the outputs."""
    dataset, recipe, seed = key
    return Path(dataset) / recipe / str(seed)


def scores_file(key: Key) -> Path:
    """Where the evaluation writes the cell's scores, in the project."""
    dataset, recipe, seed = key
    return REPORTS / dataset / "cells" / recipe / str(seed) / "scores.json"


def live_folder(project: Path, key: Key) -> Path:
    """Where a training writes while it goes on."""
    return project / MODELS / cell_path(key) / "live"


def find_cells(project: Path, dataset: str | None = None) -> list[Key]:
    """The cells that have a folder of models, of one dataset or of all, in order."""
    models = project / MODELS
    datasets = [models / dataset] if dataset else models.glob("*/")
    return sorted(
        (folder.parts[-3], folder.parts[-2], int(folder.name))
        for start in datasets
        for folder in start.glob("*/*/")
        if folder.name.isdecimal() and _any_record(folder)
    )


def read_cell(project: Path, key: Key, moment: Moment = "later") -> CellFiles:
    """Read what there is; a missing piece is an empty one.

    Args:
        moment: "live": read only what a training writes while it goes on; what is written after
            it may be old or half written. "end": the training's process is known to be over.
            "later": it is over if no process has its id.

    Raises:
        WhichgenError: if a line of the history that is not its last is not JSON.
    """
    folder = project / MODELS / cell_path(key)
    status, configuration = _json(folder / "live/status.json"), _json(folder / "live/config.json")
    state = _state(status, over=moment == "end")
    ended = state in (None, "finished", "failed")
    cell = _json(folder / "cell.json") if ended and moment != "live" else {}
    if configuration and cell and not _agree(configuration, cell.get("configuration", {})):
        configuration, status, state = {}, {}, None  # this cell.json came from elsewhere
    own = bool(configuration)
    common: dict[str, Any] = {
        "key": key,
        "configuration": configuration or cell.get("configuration"),
        "dataset_info": _json(project / INPUTS / key[0] / "info.json"),
        "started_ms": _written_ms(folder / "live/config.json") or round(1000 * time.time()),
        "history": read_live_history(folder / "live") if own else read_table_history(folder),
        **(_witnessed(folder / "live", status) if own else {}),
    }
    if not cell:
        return CellFiles(state=state or "stopped", error=status.get("error"), **common)
    return CellFiles(
        state="failed" if cell.get("status") == "failed" else "finished",
        error=cell.get("error") or status.get("error"),
        cell=cell,
        **common,
        **_results(project, key, cell),
    )


def content_hash(value: Any) -> str:
    """SHA-256 of a JSON-able value, keys sorted, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _results(project: Path, key: Key, cell: dict[str, Any]) -> dict[str, Any]:
    """What sampling and evaluation made of this very cell."""
    folder, scored = project / MODELS / cell_path(key), project / scores_file(key)
    scores = _json(scored)
    stale = scores.get("configuration_hash", cell.get("configuration_hash")) != cell.get(
        "configuration_hash"
    )
    grids = {path.stem: path for path in (project / OUTPUTS / cell_path(key)).glob("*.png")}
    usable = cell.get("status") == "ok" and (folder / "generator.safetensors").is_file()
    return {
        "measured": _json(folder / "measured.json"),
        "scores": {} if stale else scores,
        "grids": {} if stale else dict(sorted(grids.items())),
        "generator": folder if usable else None,
        "written_ms": max(
            map(_written_ms, (folder / "cell.json", folder / "measured.json", scored))
        ),
    }


def _witnessed(live: Path, status: dict[str, Any]) -> dict[str, Any]:
    """What was seen of this training; another one's provenance names another process."""
    provenance = _json(live / PROVENANCE)
    return {
        "previews": _previews(live / "previews"),
        "provenance": provenance["tags"] if provenance.get("pid") == status.get("pid") else {},
        "system": read_samples(live / SYSTEM),
    }


def _state(status: dict[str, Any], *, over: bool) -> State | None:
    state: State | None = status.get("state")
    if state == "training" and (over or not _alive(int(status.get("pid", 0)))):
        return "stopped"
    return state


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def _previews(folder: Path) -> dict[int, Path]:
    return {int(path.stem.removeprefix("step_")): path for path in folder.glob("step_*.png")}


def _written_ms(path: Path) -> int:
    """When the file was written last; 0 where there is none."""
    return path.stat().st_mtime_ns // 1_000_000 if path.is_file() else 0


def _any_record(folder: Path) -> bool:
    return (folder / "cell.json").is_file() or (folder / "live/config.json").is_file()


def _json(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file; {} where the file is missing or still being written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
