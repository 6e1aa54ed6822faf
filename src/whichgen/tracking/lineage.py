"""The hashes by which DVC keeps a cell's data and outputs, as tags of its run."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from whichgen.tracking.cell_files import INPUTS, MODELS, RAW, CellFiles, cell_path, scores_file

_OUTPUTS = ("generator.safetensors", "cell.json", "history.csv")


def dvc_tags(project: Path, files: CellFiles) -> dict[str, str]:
    """`whichgen.dvc.<path>`: the MD5 of what a finished cell was made from and of what it gave.

    The raw data's comes from its `.dvc` file, the packed data's from `dvc.lock`, if the lock
    speaks of the very data that the cell was trained on. The outputs' is computed: DVC writes a
    stage into its lock only after the stage has ended, and so after the run is published.
    """
    data = _raw(project, files.key[0]) | _packed(project, files)
    return {f"whichgen.dvc.{path}": md5 for path, md5 in (data | _outputs(project, files)).items()}


def _raw(project: Path, dataset: str) -> dict[str, str]:
    file = project / RAW / f"{dataset}.dvc"
    if not file.is_file():
        return {}
    outs = _yaml(file, file.stat().st_mtime_ns).get("outs", [])
    return {(RAW / out["path"]).as_posix(): out["md5"] for out in outs if "md5" in out}


def _packed(project: Path, files: CellFiles) -> dict[str, str]:
    folder = INPUTS / files.key[0]
    lock, info = project / "dvc.lock", project / folder / "info.json"
    if not lock.is_file() or not info.is_file():
        return {}
    stages = _yaml(lock, lock.stat().st_mtime_ns).get("stages", {}).values()
    known = {out["path"]: out.get("md5") for stage in stages for out in stage.get("outs", [])}
    content = info.read_bytes()
    # The record names the data by its hash, and DVC locks it together with the data.
    same = json.loads(content).get("data_hash") == (files.configuration or {}).get("data_hash")
    if not same or known.get((folder / "info.json").as_posix()) != _md5(content):
        return {}
    return {path: md5 for path, md5 in known.items() if Path(path).parent == folder and md5}


def _outputs(project: Path, files: CellFiles) -> dict[str, str]:
    folder = MODELS / cell_path(files.key)
    paths = [folder / name for name in _OUTPUTS] if files.cell else []
    paths += [scores_file(files.key)] if files.scores else []
    return {
        path.as_posix(): _md5((project / path).read_bytes())
        for path in paths
        if (project / path).is_file()
    }


@lru_cache(maxsize=8)
def _yaml(path: Path, changed_ns: int) -> dict[str, Any]:
    """The file's content, read once for each time that it changed: a lock takes a while."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content or {}


def _md5(content: bytes) -> str:
    """DVC's hash."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
