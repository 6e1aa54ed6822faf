"""A project in the working folder with an MLflow database of its own."""

import shutil
from pathlib import Path

import pytest

from tests.registry.comparisons import Comparison
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
    shutil.copy(empty_database, comparison.project / "mlflow.db")
    return comparison
