"""What changed between two versions of a dataset's files, by their content."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

Contents = Mapping[PurePosixPath, str]
"""The hash of each file, by its path: type/name, or name where there are no types."""


@dataclass(frozen=True)
class Difference:
    """From one version to another.

    Attributes:
        before, after: images of each type; "" where there are no types.
        added, removed: files whose content the other version does not have.
        relabelled: files of the new version whose content the old one has in other types only,
            with those types.
    """

    before: Counter[str]
    after: Counter[str]
    added: list[PurePosixPath]
    removed: list[PurePosixPath]
    relabelled: dict[PurePosixPath, list[str]]


def compare_contents(before: Contents, after: Contents) -> Difference:
    """The difference; a file that only has another name now is none."""
    types_before, types_after = _types(before), _types(after)
    return Difference(
        before=Counter(_type(path) for path in before),
        after=Counter(_type(path) for path in after),
        added=sorted(path for path, content in after.items() if content not in types_before),
        removed=sorted(path for path, content in before.items() if content not in types_after),
        relabelled={
            path: sorted(types_before[content])
            for path, content in sorted(after.items())
            if content in types_before and _type(path) not in types_before[content]
        },
    )


def _types(contents: Contents) -> Mapping[str, set[str]]:
    types = defaultdict(set)
    for path, content in contents.items():
        types[content].add(_type(path))
    return dict(types)


def _type(path: PurePosixPath) -> str:
    return path.parent.name
