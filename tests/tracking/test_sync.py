import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.tracking.cell_writer import CellWriter
from whichgen.errors import WhichgenError
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import Store
from whichgen.tracking.sync import sync

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
GONE = "http://127.0.0.1:9"  # the discard port: nothing listens there


def configure(project: Path, settings: TrackingSettings) -> None:
    (project / "conf/base/mlflow.yml").write_text(yaml.safe_dump(settings.model_dump()))


def test_everything_on_disk_is_published(store: Store, cell: CellWriter) -> None:
    cell.start()
    cell.status("finished")
    CellWriter(cell.project, ("shoes", "dgn", 3)).start()
    assert sync(cell.project, "digits") == ["digits/gan/0"]
    assert sync(cell.project) == ["digits/gan/0", "shoes/dgn/3"]
    runs = store.client.search_runs([store.experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["digits/gan/0", "shoes/dgn/3"]


def test_an_unknown_dataset_is_an_error(cell: CellWriter) -> None:
    with pytest.raises(WhichgenError, match="data/06_models/shoes: no trained cells"):
        sync(cell.project, "shoes")


def test_off_publishes_nothing(
    store: Store, cell: CellWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell.start()
    monkeypatch.setenv("WHICHGEN_TRACKING", "off")
    assert sync(cell.project) == []
    assert store.client.search_runs([store.experiment_id]) == []


def test_a_server_that_is_gone_is_one_line(cell: CellWriter) -> None:
    configure(cell.project, TrackingSettings(tracking_uri=GONE))
    cell.start()
    with pytest.raises(WhichgenError, match=f"MLflow at {GONE} took nothing: no answer"):
        sync(cell.project)


def test_nothing_imports_mlflow_before_it_publishes() -> None:
    script = (
        "import sys, whichgen.tracking.follow, whichgen.tracking.sync, whichgen.tracking.hooks\n"
        "print([name for name in ('mlflow', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
