"""The project's database is made whole or not at all."""

import subprocess
import sys
import time

import pytest

from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import open_store

OPEN = """
import sys
from pathlib import Path
from tests.tracking.test_store import opened
opened(Path(sys.argv[1]))
"""


def opened(project):
    """A store in the project's own database."""
    return open_store(project, TrackingSettings(tracking_uri=f"sqlite:///{project}/mlflow.db"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
def test_a_publisher_killed_while_it_makes_the_database_is_no_end(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path)])
    part, deadline = tmp_path / "mlflow.db.part", time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert part.stat().st_size > 0  # it was in the midst of it
    assert not (tmp_path / "mlflow.db").exists()
    store = opened(tmp_path)
    assert store.client.get_experiment(store.experiment_id).name == "whichgen"
    assert not part.exists()
