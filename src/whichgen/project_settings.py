"""Settings files of a project: conf/base/NAME, and over it conf/local/NAME, which Git ignores."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from whichgen.errors import WhichgenError


def read_layers(project: Path, name: str) -> dict[str, dict[str, Any]]:
    """The content of those of the two files that are here, by their names; the later one rules.

    Raises:
        WhichgenError: naming the file, if it is not YAML or not keys and values. It quotes nothing
            from the file, which may hold secrets.
    """
    layers = (f"conf/base/{name}", f"conf/local/{name}")
    return {layer: _read(project / layer, layer) for layer in layers if (project / layer).is_file()}


def explain(
    error: ValidationError, sources: Iterable[str], settings: type[BaseModel]
) -> WhichgenError:
    """The first thing that is wrong, with its key and where it may come from, in one line."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    reason = {
        "extra_forbidden": "no key of this name",
        "value_error": str(first.get("ctx", {}).get("error")),
    }.get(first["type"], first["msg"])
    return WhichgenError(
        f"{' or '.join(sources)}: {key}: {reason}; known keys: {', '.join(settings.model_fields)}"
    )


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        # Not str(error): it quotes the line.
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", "")
        where = f" in line {mark.line + 1}" if mark else ""
        raise WhichgenError(f"{name}: not valid YAML: {problem}{where}") from None
    if not isinstance(content, dict | None):
        raise WhichgenError(f"{name}: expected keys and values, each line `key: value`")
    return {str(key): value for key, value in (content or {}).items()}
