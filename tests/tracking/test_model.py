import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.exceptions import MlflowException

from tests.tracking.cell_writer import CellWriter, write
from tests.untrained import write_untrained
from whichgen.drawing import narrowed
from whichgen.networks import load_generator, to_uint8
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@pytest.fixture(params=["dgn"])
def published(
    store: Store, cell: CellWriter, request: pytest.FixtureRequest
) -> tuple[CellWriter, str]:
    """A published cell with untrained, but real, weights; and the address of its model.

    The test's parameter is the recipe whose networks it has.
    """
    cell.start()
    cell.status("finished")
    cell.outputs()
    folder = write_untrained(cell.folder("06_models"), "dgn", request.param)
    configuration = json.loads((folder / "cell.json").read_text())["configuration"]
    write(cell.live / "config.json", configuration)
    run_id = publish_cell(store, cell.key)
    assert run_id is not None
    outputs = store.client.get_run(run_id).outputs.model_outputs
    assert len(outputs) == 1
    return cell, store.client.get_logged_model(outputs[0].model_id).artifact_location


@pytest.mark.parametrize("published", ["dgn", "article_dgn"], indirect=True)
def test_the_model_makes_the_generators_images(
    published: tuple[CellWriter, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setattr(sys, "path", sys.path[:])
    cell, location = published
    model = mlflow.pyfunc.load_model(location)
    rows = pd.DataFrame({"n": [3, 2], "seed": [7, 8], "type": [2, -1]})
    images = model.predict(rows)

    generator = load_generator(cell.folder("06_models"))
    typed, _ = generator.sample(3, torch.Generator().manual_seed(7), torch.full((3,), 2))
    mixed, _ = generator.sample(2, torch.Generator().manual_seed(8))
    expected = to_uint8(torch.cat([typed, mixed])).numpy()
    assert (images.dtype, images.shape) == (np.uint8, (5, 1, 8, 8))
    np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(model.predict(rows[["n", "seed"]].tail(1)), expected[3:])
    narrow = model.predict(rows.assign(truncation=0.5))
    half = narrowed(generator, 0.5)
    typed, _ = half.sample(3, torch.Generator().manual_seed(7), torch.full((3,), 2))
    np.testing.assert_array_equal(narrow[:3], to_uint8(typed).numpy())
    for wrong in ({"type": 3}, {"seed": -1}, {"n": 0}, {"truncation": 1.5}):
        with pytest.raises(MlflowException, match=f"{next(iter(wrong))}: ") as raised:
            model.predict(rows.assign(**wrong))
        assert raised.value.get_http_status_code() == 400
    described = model.metadata.metadata["whichgen"]
    assert described["types"] == {0: "a", 1: "b", 2: "c"}
    assert (described["family"], described["image"]) == ("dgn", [1, 8, 8])


def test_the_model_is_logged_anew_only_when_its_weights_change(
    store: Store, published: tuple[CellWriter, str]
) -> None:
    cell, _ = published
    run_id = publish_cell(store, cell.key)
    assert run_id is not None
    assert len(store.client.get_run(run_id).outputs.model_outputs) == 1
    weights = cell.folder("06_models") / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    publish_cell(store, cell.key)
    assert len(store.client.get_run(run_id).outputs.model_outputs) == 2


def test_what_the_cell_scored_is_said_of_its_model_and_data(
    store: Store, published: tuple[CellWriter, str]
) -> None:
    cell, _ = published
    known = json.loads((cell.live / "config.json").read_text())
    write(cell.live / "config.json", known | {"data_hash": "d" * 64})
    record = cell.folder("06_models") / "cell.json"
    write(record, json.loads(record.read_text()) | {"cost": {"training_flops": 3e6}})
    cell.scores(fd=1.5)
    cell.rows(1, 2, 4)
    run_id = publish_cell(store, cell.key)
    run = store.client.get_run(run_id)
    model = store.client.get_logged_model(run.outputs.model_outputs[0].model_id)
    assert model.name == "digits-gan-0"
    said = {(m.key, m.value, m.step, m.dataset_name) for m in model.metrics}
    assert ("score/fd", 1.5, 2, "digits") in said
    assert ("cost/training_flops", 3e6, 2, "digits") in said
    assert ("by_step/validation_fd", 5.0, 2, "digits") in said  # for which it was chosen
    assert "by_step/validation_fd" in run.data.metrics
    assert len(store.client.get_metric_history(run_id, "by_step/validation_fd")) == 3


def test_a_model_whose_upload_was_cut_short_is_completed(
    store: Store, cell: CellWriter, published: tuple[CellWriter, str]
) -> None:
    run = store.client.get_run(publish_cell(store, cell.key))
    marks = json.loads(run.data.tags["whichgen.published"])
    del marks["generator"], marks["model"]  # killed before it could remember
    store.client.set_tag(run.info.run_id, "whichgen.published", json.dumps(marks))
    assert publish_cell(store, cell.key) == run.info.run_id
    models = store.client.search_logged_models([store.experiment_id])
    assert len(models) == 1
    after = store.client.get_run(run.info.run_id)
    assert len(after.outputs.model_outputs) == 1


@pytest.mark.slow
def test_the_model_runs_on_its_own_code_in_another_process(
    published: tuple[CellWriter, str], tmp_path: Path
) -> None:
    script = (
        "import sys, mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "images = model.predict(model.input_example)\n"
        "import whichgen\n"
        "print(images.shape, whichgen.__file__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, published[1]],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
    )
    location = Path(published[1].removeprefix("file://"))
    assert done.stdout.split(") ") == ["(4, 1, 8, 8", f"{location}/code/whichgen/__init__.py\n"]
