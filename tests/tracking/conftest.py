"""A project with a store of its own to publish to."""

from pathlib import Path

import pytest
import yaml

from tests.tracking.cell_writer import CellWriter
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import Store, open_store


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all tests: making one takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def settings(
    database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> TrackingSettings:
    """An experiment for each test; nothing of the tester's own environment."""
    for name in ("WHICHGEN_TRACKING", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return TrackingSettings(tracking_uri=database, experiment=request.node.name)


@pytest.fixture
def project(tmp_path: Path, settings: TrackingSettings) -> Path:
    (tmp_path / "conf/base").mkdir(parents=True)
    (tmp_path / "conf/base/mlflow.yml").write_text(yaml.safe_dump(settings.model_dump()))
    return tmp_path


@pytest.fixture
def store(project: Path, settings: TrackingSettings) -> Store:
    return open_store(project, settings)


@pytest.fixture
def cell(project: Path) -> CellWriter:
    return CellWriter(project)
