"""One file and the hash it should have; hashing many, and what that showed."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Algorithm = Literal["md5", "sha256"]
State = Literal["ok", "differs", "truncated", "missing", "not here"]
Told = Callable[[int, int], None]  # files hashed so far, files in all


@dataclass(frozen=True, kw_only=True)
class Check:
    """A file, or a folder that DVC versions as one, and what is recorded of it.

    Attributes:
        path: where it is. name: how it is shown, from the project's folder on.
        expected: the recorded hash, in hexadecimal digits; ".dir" at its end means a folder.
        record: what says so.
        size: the recorded number of bytes, None where it is not known.
        group: what it belongs to. Where all of a group is absent, it was never fetched.
        absence: what it means that the file is not there. "by group": "missing" if another of its
            group is there, else "not here". "fine": it may come and go.
        twin: another file with the same bytes by the same record, whether here or not.
        from_twin, otherwise: what brings the file back if the twin is sound, and if not.
        fetch: gives the file where it lies elsewhere.
    """

    path: Path
    name: str
    algorithm: Algorithm
    expected: str
    record: str
    group: str
    otherwise: str
    size: int | None = None
    absence: Literal["by group", "missing", "fine"] = "missing"
    twin: Path | None = None
    from_twin: str = ""
    fetch: Callable[[], AbstractContextManager[Path]] | None = None

    def open(self) -> AbstractContextManager[Path]:
        """The file while it is read."""
        return self.fetch() if self.fetch else nullcontext(self.path)


@dataclass(frozen=True)
class Finding:
    """What a file turned out to be.

    Attributes:
        actual: its hash, "" where there is no file. size: in bytes.
    """

    check: Check
    state: State
    actual: str = ""
    size: int | None = None

    @property
    def wrong(self) -> bool:
        """Whether something is damaged or lost."""
        return self.state in ("differs", "truncated", "missing")

    @property
    def remedy(self) -> str:
        """The command that brings the recorded bytes back."""
        check = self.check
        found = digest(check.twin, check.algorithm) if check.twin else ""
        same = found.removesuffix(".dir") == check.expected.removesuffix(".dir")
        return check.from_twin if same else check.otherwise


def hash_all(checks: Iterable[Check], told: Told = lambda done, total: None) -> list[Finding]:
    """Hash every file, several at once: hashlib works outside the interpreter's lock."""
    wanted, found = list(checks), []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for done, finding in enumerate(pool.map(_hash, wanted), 1):
            found.append(finding)
            told(done, len(wanted))
    here = {finding.check.group for finding in found if finding.state != "missing"}
    return [_judge_absence(finding, here) for finding in found]


def digest(path: Path, algorithm: Algorithm) -> str:
    """The hash of a file, or DVC's hash of a folder; "" where nothing is."""
    if path.is_dir():
        return tree_digest(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(
                file, lambda: hashlib.new(algorithm, usedforsecurity=False)
            ).hexdigest()
    except FileNotFoundError:
        return ""


def tree_digest(folder: Path) -> str:
    """DVC's hash of a folder: the MD5 of its list of files and their MD5s."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    entries = [
        {"md5": digest(path, "md5"), "relpath": name}
        for name, path in sorted(files.items())
        if path.is_file()
    ]
    content = json.dumps(entries, sort_keys=True).encode()
    return f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.dir"


def _hash(check: Check) -> Finding:
    with check.open() as path:
        actual = digest(path, check.algorithm)
        if not actual:
            return Finding(check, "missing")
        size = None if path.is_dir() else path.stat().st_size
    if actual == check.expected:
        return Finding(check, "ok", actual, size)
    shorter = check.size is not None and size is not None and size < check.size
    return Finding(check, "truncated" if shorter else "differs", actual, size)


def _judge_absence(finding: Finding, groups_here: set[str]) -> Finding:
    check = finding.check
    if finding.state != "missing" or check.absence == "missing":
        return finding
    gone = check.absence == "by group" and check.group in groups_here
    return finding if gone else Finding(check, "not here" if check.absence == "by group" else "ok")
