"""A project in the working folder with an MLflow database of its own."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.registry.comparisons import BAD, GOOD, MIDDLING, Comparison
from whichgen.registry.promotion import promote
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import open_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: it takes seconds."""
    path = tmp_path_factory.mktemp("registry") / "mlflow.db"
    open_store(path.parent, TrackingSettings(tracking_uri=f"sqlite:///{path}"))
    return path


@pytest.fixture
def comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """Nothing compared yet, and no database."""
    monkeypatch.chdir(tmp_path)
    for name in ("WHICHGEN_TRACKING", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return Comparison(tmp_path)


@pytest.fixture
def tracked(comparison: Comparison, empty_database: Path) -> Comparison:
    """Nothing compared yet, and an empty database."""
    return moved(empty_database.parent, comparison.project)


ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def moved(original: Path, target: Path) -> Comparison:
    """A copy of a project with its database, and the addresses in it that go with the copy."""
    shutil.copytree(original, target, dirs_exist_ok=True)
    with sqlite3.connect(target / "mlflow.db") as database:
        for table, column in ADDRESSES:
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
            database.execute(change, (str(original), str(target)))
    database.close()
    return Comparison(target)


@pytest.fixture(scope="session")
def promoted(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two projects: the GAN is champion, as version 1; a better DGN is, as version 2, after it."""
    first, second = (tmp_path_factory.mktemp(name) for name in ("crowned", "twice"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WHICHGEN_TRACKING", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        patch.chdir(first)
        comparison = moved(empty_database.parent, first).write({"gan": MIDDLING, "dgn": BAD})
        result = promote(comparison.evidence(), "enabled")
        assert (result["decision"], result["champion_after"]) == ("promoted", "1")
        patch.chdir(second)
        comparison = moved(first, second).write({"dgn": GOOD}, version=1)
        result = promote(comparison.evidence(), "enabled")
        assert (result["champion_before"], result["champion_after"]) == ("1", "2")
    return first, second


@pytest.fixture
def crowned(comparison: Comparison, promoted: tuple[Path, Path]) -> Comparison:
    """The GAN is champion, as version 1."""
    return moved(promoted[0], comparison.project)


@pytest.fixture
def twice(comparison: Comparison, promoted: tuple[Path, Path]) -> Comparison:
    """A DGN that was trained anew and is better is champion, as version 2."""
    return moved(promoted[1], comparison.project)
