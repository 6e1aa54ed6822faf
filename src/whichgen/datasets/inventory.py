"""Which datasets there are, and how far each has come."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whichgen.datasets.configuration import SOURCE
from whichgen.datasets.layout import is_hidden
from whichgen.datasets.versions import RAW, version
from whichgen.parameters import Dataset


@dataclass(frozen=True)
class Stock:
    """A dataset as it lies there.

    Attributes:
        images, types: how many; None where the source is not read, nor packed. bytes: of the files
            in its raw folder. version: DVC's hash, None without one.
        state: "packed", "not packed", "changed since packing" (by the files' names) or "no images".
    """

    name: str
    source: str
    images: int | None
    types: int | None
    bytes: int
    version: str | None
    state: str


def take_stock(project: Path, name: str, dataset: Dataset) -> Stock:
    """What is there of a dataset, without reading an image."""
    files = raw_files(project, name)
    known = version(project, name)
    info_file = project / "data/05_model_input" / name / "info.json"
    info = json.loads(info_file.read_text()) if info_file.is_file() else None
    state = "packed" if info else "not packed"
    if dataset.source.name == SOURCE:
        images, types = len(files), len({path.parent for path in files if path.parent.name})
        if not files:
            state = "no images"
        elif info and _packed_files(project, name) != {str(path) for path in files}:
            state = "changed since packing"
    else:
        images = sum(info["counts"].values()) if info else None
        types = len(info["types"]["names"]) if info else None
    return Stock(
        name=name,
        source=dataset.source.name,
        images=images,
        types=types,
        bytes=sum(files.values()),
        version=known.hash if known else None,
        state=state,
    )


def raw_files(project: Path, name: str) -> dict[PurePosixPath, int]:
    """The size of each file in the dataset's raw folder, hidden ones left out."""
    folder = project / RAW / name
    found = ((PurePosixPath(p.relative_to(folder).as_posix()), p) for p in folder.rglob("*"))
    return {name: p.stat().st_size for name, p in found if p.is_file() and not is_hidden(name)}


def splits(project: Path, name: str) -> dict[str, Counter[int]]:
    """The images of each type in each split of the packed data; none where it is not packed."""
    import pandas as pd

    path = project / "data/03_primary" / name / "index.csv"
    if not path.is_file():
        return {}
    index = pd.read_csv(path, usecols=["split", "type"])
    return {str(split): Counter(part["type"]) for split, part in index.groupby("split")}


def _packed_files(project: Path, name: str) -> set[str]:
    import pandas as pd

    path = project / "data/03_primary" / name / "index.csv"
    if not path.is_file():
        return set()
    return set(pd.read_csv(path, usecols=["source"], dtype=str)["source"])
