"""Does a registered model's folder hold the cell it stands for, and draw its images?"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from whichgen.forms import form_of
from whichgen.registry.versions import RECORD, WEIGHTS, DamagedError, Version

WEIGHTS_FILE, RECORD_FILE = "generator.safetensors", "cell.json"
_DRAWN = 16  # images of no chosen type, and one of each type besides


def sha256(path: Path) -> str:
    """Of the file's bytes, 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cell_folder(model: Path, *, weights: str, record: str | None = None) -> Path:
    """The folder in a model's files that holds the weights and the record of its cell.

    Args:
        weights, record: the SHA-256 that these files must have.

    Raises:
        DamagedError: if a file is missing or its bytes are others.
    """
    found = next(iter(sorted(model.rglob(WEIGHTS_FILE))), None)
    if found is None:
        raise DamagedError(f"{WEIGHTS_FILE} is missing")
    for path, expected in ((found, weights), (found.with_name(RECORD_FILE), record)):
        if not path.is_file():
            raise DamagedError(f"{path.relative_to(model)} is missing")
        if expected is not None and sha256(path) != expected:
            raise DamagedError(f"{path.relative_to(model)} is damaged: its SHA-256 is another")
    return found.parent


def validate(model: Path, version: Version, *, types: list[str] | None = None) -> None:
    """Load the version's model twice, nothing pickled, and draw from it.

    Args:
        model: the folder of its files. types: the names that its types must have.

    Raises:
        DamagedError: if a file is not what it was, the types are others, it does not load, the
            samples are not of the form that its record says, or the same seed gives other bytes.
    """
    digests = {"weights": version.tags[WEIGHTS], "record": version.tags[RECORD]}
    cell = json.loads((cell_folder(model, **digests) / RECORD_FILE).read_text())
    data = cell["data"]
    names = data["types"]["names"]
    if types is not None and names != types:
        raise DamagedError(f"its types are {names}, the data's are {types}")
    try:
        first, second = _draw(model, cell), _draw(model, cell)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise DamagedError(f"it does not draw ({what})") from error
    form = form_of(data)
    dtype, shape = np.dtype(form.dtype), (_DRAWN + _typed(cell), *form.shape)
    if first.dtype != dtype or first.shape != shape:
        raise DamagedError(f"its {form.nouns} are {first.dtype} {first.shape}, not {dtype} {shape}")
    if first.tobytes() != second.tobytes():
        raise DamagedError(f"the same seed gave other {form.nouns}")


def _draw(model: Path, cell: dict[str, Any]) -> Any:
    import pandas as pd
    from mlflow import pyfunc

    kinds = [-1, *range(_typed(cell))]
    rows = pd.DataFrame({"n": [_DRAWN, *[1] * _typed(cell)], "seed": 0, "type": kinds})
    with _without_pickle():
        return np.asarray(pyfunc.load_model(str(model)).predict(rows))


def _typed(cell: dict[str, Any]) -> int:
    """How many types can be asked of the cell's generator."""
    typed = cell["family"] == "dgn" or cell["uses_labels"]
    return len(cell["data"]["types"]["names"]) if typed else 0


@contextmanager
def _without_pickle() -> Iterator[None]:
    """MLflow refuses to unpickle, and what it adds to the module path goes again."""
    name, path = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION", sys.path[:]
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        sys.path[:] = path
        os.environ.pop(name)
        os.environ.update({} if before is None else {name: before})
