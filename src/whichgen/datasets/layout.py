"""From paths to types: a folder per class, or no folders and no types."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from whichgen.datasets.incoming import Refused, name_problem, printable

PASSED_OVER = "__MACOSX"  # what macOS adds to a zip


def is_hidden(path: PurePosixPath) -> bool:
    """Whether it is, or lies in, something that only a system has put there."""
    return any(
        part == PASSED_OVER or (part.startswith(".") and part != "..") for part in path.parts
    )


def types_by_path(paths: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, str | Refused | None]:
    """The type of each file, by the folder it lies in; None for all where there are no folders.

    Folders that all files share are left out of account, so `photos/cat/1.png` beside
    `photos/dog/1.png` is a cat, and files in one folder have no types.
    """
    paths = list(paths)
    depth = _shared_depth(paths)
    inner = {path: path.parts[depth:] for path in paths}
    flat = all(len(parts) == 1 for parts in inner.values())
    return {path: None if flat else _type(path, parts) for path, parts in inner.items()}


def _type(path: PurePosixPath, parts: tuple[str, ...]) -> str | Refused:
    origin = printable(str(path))
    if len(parts) == 1:
        return Refused(origin, "lies beside the folders of the classes, in none of them")
    if len(parts) > 2:
        return Refused(origin, "lies deeper than in a folder per class")
    problem = name_problem(parts[0])
    return Refused(origin, f"lies in a folder whose name {problem}") if problem else parts[0]


def _shared_depth(paths: list[PurePosixPath]) -> int:
    """The number of folders, from the outside, that all files lie in."""
    depth = 0
    while paths and all(len(path.parts) > depth + 1 for path in paths):
        if len({path.parts[depth] for path in paths}) > 1:
            break
        depth += 1
    return depth
