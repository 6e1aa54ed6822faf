"""Import a dataset: read, check, put in its place, version, configure. All of it or nothing."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from whichgen.datasets.archives import read_folder, read_tar, read_zip
from whichgen.datasets.configuration import check_name, configured, write_configuration
from whichgen.datasets.incoming import Incoming, Refused
from whichgen.datasets.staging import Staged, stage
from whichgen.datasets.tables import read_csv, read_npz, read_parquet
from whichgen.datasets.versions import RAW, Version, add_version, is_versioned
from whichgen.errors import WhichgenError

READERS: dict[str, Callable[[Path], Incoming]] = {
    ".zip": read_zip,
    ".tar": read_tar,
    ".tar.gz": read_tar,
    ".tgz": read_tar,
    ".tar.bz2": read_tar,
    ".tar.xz": read_tar,
    ".npz": read_npz,
    ".parquet": read_parquet,
    ".csv": read_csv,
}


class UnusableFilesError(WhichgenError):
    """Some files can't be used, so nothing was imported.

    Attributes:
        refused: all of them, with their reasons.
    """

    def __init__(self, path: Path, refused: list[Refused]) -> None:
        self.refused = refused
        super().__init__(
            f"{path}: nothing was imported, for what can't be used ({len(refused)}, see above); "
            "mend or remove it and run again"
        )


@dataclass(frozen=True)
class Added:
    """What was imported.

    Attributes:
        version: DVC's. configured: whether a configuration was written for it; there was none.
        resolution: to which the configuration has images resized, in px.
    """

    staged: Staged
    version: Version
    configured: bool
    resolution: int


def add_dataset(
    project: Path,
    path: Path,
    name: str,
    *,
    replace: bool = False,
    licence: str | None = None,
    told: Callable[[str], object] = lambda _: None,
) -> Added:
    """Import the images in `path` as data/01_raw/NAME and version them with DVC.

    The folder takes its place once every image was read and decoded. Killed at any moment, the same
    command goes through: what was there before is there still, or is put back first.

    Args:
        path: a folder, or a file that ends as READERS say. replace: whether images of that name may
            be replaced; DVC keeps those it has. licence: of the images, for the configuration.

    Raises:
        UnusableFilesError: if a file can't be used. WhichgenError: for any other mistake.
    """
    check_name(name)
    dataset = configured(project, name, licence)
    target = project / RAW / name
    if path.resolve().is_relative_to(target.resolve()):
        raise WhichgenError(
            f"{path}: lies there already; version it by dvc add {RAW / name}, or move it elsewhere "
            "to have it checked and imported"
        )
    read = _reader(path)
    with _alone(project, name) as staging, _put_back(project, name, staging) as put:
        staged = stage(read(path), staging, told)
        if staged.refused or not staged.counts:
            refused = staged.refused or [Refused(str(path), "holds no images")]
            raise UnusableFilesError(path, refused)
        if not _same_files(staging, target):
            _check_replaceable(project, name, replace)
            put()
        told("versions them with DVC")
        version = add_version(project, name)
    if dataset is not None:
        return Added(staged, version, False, dataset.source.arguments()["resolution"])
    resolution = staged.resolution()
    labelled = None not in staged.counts
    write_configuration(project, name, resolution, labelled=labelled, licence=licence)
    return Added(staged, version, True, resolution)


def _reader(path: Path) -> Callable[[Path], Incoming]:
    if path.is_dir():
        return read_folder
    if not path.is_file():
        raise WhichgenError(f"{path}: no such file or folder")
    for ending, read in READERS.items():
        if path.name.lower().endswith(ending):
            return read
    raise WhichgenError(f"{path}: neither a folder nor a file that ends in {', '.join(READERS)}")


@contextmanager
def _alone(project: Path, name: str) -> Iterator[Path]:
    """An empty folder beside the dataset's, for this process only; gone at the end."""
    staging = project / RAW / f".{name}.incoming"
    staging.parent.mkdir(parents=True, exist_ok=True)
    with (project / RAW / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WhichgenError(f"{name}: another process imports it; wait for it") from None
        try:
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _put_back(project: Path, name: str, staging: Path) -> Iterator[Callable[[], None]]:
    """A function that puts the staged folder in the dataset's place, for good if nothing fails."""
    target = project / RAW / name
    former = target.with_name(f".{name}.former")
    if former.exists():  # a process was killed after it had put another in its place
        if is_versioned(project, name):
            shutil.rmtree(former)
        else:
            _restore(former, target)
    placed = False

    def put() -> None:
        nonlocal placed
        placed = True
        _place(staging, target, former)

    try:
        yield put
    except BaseException:
        if placed:
            _restore(former, target)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _place(staging: Path, target: Path, former: Path) -> None:
    if target.exists():
        target.rename(former)
    staging.rename(target)


def _restore(former: Path, target: Path) -> None:
    """What was there before, be it nothing."""
    shutil.rmtree(target, ignore_errors=True)
    if former.exists():
        former.rename(target)


def _same_files(staging: Path, target: Path) -> bool:
    """Whether both hold the same images: their names say what is in them."""
    return target.is_dir() and _names(staging) == _names(target)


def _names(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _check_replaceable(project: Path, name: str, replace: bool) -> None:
    target = project / RAW / name
    if not target.exists() or not any(target.iterdir()):
        return
    if not replace:
        raise WhichgenError(
            f"{RAW / name}: there already, with other images; --replace makes these its next "
            "version"
        )
    if not is_versioned(project, name):
        raise WhichgenError(
            f"{RAW / name}: what lies there is no version of DVC's and would be lost; keep it by "
            f"dvc add {RAW / name} and a commit, or move it away"
        )
