"""What DVC knows of a dataset's raw folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import yaml

from whichgen.datasets.incoming import one_line
from whichgen.datasets.layout import is_hidden
from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem

RAW = Path("data/01_raw")


@dataclass(frozen=True)
class Version:
    """One version of a folder: DVC's hash, the number of files, their bytes."""

    hash: str
    files: int
    bytes: int


def parse_version(text: str) -> Version:
    """What a .dvc file says."""
    out = yaml.safe_load(text)["outs"][0]
    return Version(hash=out["md5"], files=out.get("nfiles", 1), bytes=out["size"])


def version(project: Path, name: str) -> Version | None:
    """The version that data/01_raw/NAME.dvc names; None if it is not there."""
    path = project / RAW / f"{name}.dvc"
    return parse_version(path.read_text()) if path.is_file() else None


def is_versioned(project: Path, name: str) -> bool:
    """Whether the folder is, as it lies there, the version that its .dvc file names."""
    if version(project, name) is None:
        return False
    return run_dvc(project, "status", "--json", f"{RAW / name}.dvc").strip() == "{}"


def add_version(project: Path, name: str) -> Version:
    """Put data/01_raw/NAME into DVC's cache and write data/01_raw/NAME.dvc.

    Raises:
        WhichgenError: with DVC's own words, if it can't.
    """
    run_dvc(project, "add", str(RAW / name))
    added = version(project, name)
    assert added is not None  # or DVC had failed
    return added


def contents(project: Path, name: str, revision: str | None) -> dict[PurePosixPath, str]:
    """The MD5 of each file of a version of data/01_raw/NAME, by its path below it.

    Args:
        revision: of git, or None for the files as they lie there.

    Raises:
        WhichgenError: if there is no such revision, no such data at it, or they are in no cache.
    """
    if revision is None:
        folder = project / RAW / name
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            PurePosixPath(path.relative_to(folder).as_posix()): _md5(path)
            for path in files
            if not is_hidden(PurePosixPath(path.relative_to(folder).as_posix()))
        }
    files_then = _files_at(project, name, revision).find(str(RAW / name), detail=True)
    return {
        PurePosixPath(path).relative_to(RAW / name): info["md5"]
        for path, info in files_then.items()
    }


def fetch_version(project: Path, name: str, revision: str, folder: Path) -> None:
    """Write a version of data/01_raw/NAME as the folder.

    Raises:
        WhichgenError: as `contents` does.
    """
    _files_at(project, name, revision).get(str(RAW / name), str(folder), recursive=True)


def _files_at(project: Path, name: str, revision: str) -> DVCFileSystem:
    """DVC's files at that revision of git, among them those of the dataset."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError

    try:
        files = DVCFileSystem(str(project), rev=revision)
        pointer = str(RAW / f"{name}.dvc")
        wanted = parse_version(files.read_text(pointer)).files
    except FileNotFoundError:
        raise WhichgenError(
            f"{RAW / name}.dvc: not in git at {revision}; commit it, or name a revision that has it"
        ) from None
    except (RevError, DvcException) as error:
        raise WhichgenError(
            f"{RAW / name}: no version of it at revision {revision} ({one_line(error)})"
        ) from None
    if len(files.find(str(RAW / name))) != wanted:
        raise WhichgenError(
            f"{RAW / name}: its version at revision {revision} is not in DVC's cache; run: "
            "dvc fetch --all-commits"
        )
    return files


def said_by_dvc(error: object) -> str:
    """DVC's own words in one line, with the way out where the project is not as DVC needs it."""
    words = " ".join(str(error).split()).removeprefix("ERROR: ")
    hint = "; git init, then dvc init, make it one" if "repository" in words else ""
    return f"{words}{hint}"


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def run_dvc(project: Path, *arguments: str) -> str:
    """The output of a DVC command, run in the project by this environment's DVC.

    Raises:
        WhichgenError: with DVC's own words, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=project,
        env=os.environ | {"DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WhichgenError(f"dvc {' '.join(arguments)}: {said_by_dvc(done.stderr)}")
    return done.stdout
