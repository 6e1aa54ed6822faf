"""dvc.lock as it was written: what each stage read and made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LOCK = "dvc.lock"


@dataclass(frozen=True)
class Stage:
    """One stage of one dataset, or of one of its cells.

    Attributes:
        recipe, seed: of the cell, None where the stage belongs to the whole dataset.
        outputs: MD5 by path.
        inputs: MD5 of each source and raw file by path, value of each parameter by "file: key".
    """

    name: str
    dataset: str
    recipe: str | None
    seed: int | None
    outputs: dict[str, str]
    inputs: dict[str, Any]


def parse_lock(content: str) -> dict[str, Stage]:
    """The stages by name; without those that are not of a dataset."""
    stages = (yaml.safe_load(content) or {}).get("stages") or {}
    parsed = [_stage(name, entry) for name, entry in stages.items()]
    return {stage.name: stage for stage in parsed if stage.dataset}


def _stage(name: str, entry: dict[str, Any]) -> Stage:
    asked = re.search(r"--params\s+(\S+)", entry["cmd"])
    pairs = dict(pair.split("=", 1) for pair in asked[1].split(",")) if asked else {}
    recipe = pairs.get("recipe")
    made = {item["path"]: item.get("md5", "") for item in entry.get("outs", ())}
    inputs = {item["path"]: item.get("md5", "") for item in entry.get("deps", ())}
    inputs = {path: md5 for path, md5 in inputs.items() if not _made(path)}
    for file, values in entry.get("params", {}).items():
        inputs |= {f"{file}: {key}": value for key, value in leaves(values)}
    seed = int(pairs["seed"]) if recipe else None
    return Stage(name, pairs.get("dataset", ""), recipe, seed, made, inputs)


def _made(path: str) -> bool:
    """Whether another stage makes it."""
    return path.startswith("data/") and not path.startswith("data/01_raw/")


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Values by their dotted names, list items by their numbers."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(item, dict | list):
            yield from leaves(item, name)
        else:
            yield name, item
