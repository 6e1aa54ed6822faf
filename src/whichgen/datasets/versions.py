"""What DVC knows of a dataset's raw folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from whichgen.errors import WhichgenError

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
    run_dvc(project, "add", "--quiet", str(RAW / name))
    added = version(project, name)
    assert added is not None  # or DVC had failed
    return added


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
        raise WhichgenError(f"dvc {' '.join(arguments)}: {' '.join(done.stderr.split())}")
    return done.stdout
