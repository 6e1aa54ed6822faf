"""A small project with all that is verified: versioned data, checkpoints, a registered model."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from dvc.repo import Repo
from safetensors.torch import save_file

from tests.tracking.cell_writer import KEY, CellWriter
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.settings import TrackingSettings
from whichgen.tracking.store import open_store
from whichgen.training.checkpoints import Checkpoints

MODELS = "data/06_models/digits"
FIGURES = "data/08_reporting/digits/comparison/figures"
PHOTOS = "data/01_raw/photos"
UNREGISTERED = ("digits", "gan", 7)
STAGES = {
    "data@digits": ["data/05_model_input/digits/train.safetensors"],
    "gan@digits-gan-0": [f"{MODELS}/gan/0/generator.safetensors", f"{MODELS}/gan/0/cell.json"],
    "comparison@digits": [FIGURES],
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project; a test that changes a file puts it back."""
    project = tmp_path_factory.mktemp("kept")
    _write_files(project)
    _version(project)
    _train(project)
    _register(project)
    return project


def _write_files(project: Path) -> None:
    for key in (KEY, UNREGISTERED):
        cell = CellWriter(project, key)
        cell.outputs()
        tensors = {"w": torch.arange(300.0) + key[2]}
        save_file(tensors, cell.folder("06_models") / "generator.safetensors")
    for folder, names in ((PHOTOS, ["a/1.png", "a/2.png", "b/1.png"]), (FIGURES, ["fd.png"])):
        for name in names:
            path = project / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{folder}/{name}".encode() * 20)
    packed = project / STAGES["data@digits"][0]
    packed.parent.mkdir(parents=True)
    packed.write_bytes(bytes(range(256)) * 4)


def _version(project: Path) -> None:
    stages = {
        name.replace("@", "-"): {"cmd": "true", "outs": outs} for name, outs in STAGES.items()
    }
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    with Repo.init(str(project), no_scm=True) as repo:
        repo.add(str(project / PHOTOS))
        repo.commit(force=True)


def _train(project: Path) -> None:
    identity = {"configuration": {"seed": 1}}
    checkpoints = Checkpoints(project / MODELS / "dgn/1/checkpoints", identity)
    for step in (10, 20):
        checkpoints.save({"step": step, "weights": torch.full((50,), float(step))})


def _register(project: Path) -> None:
    uri = f"sqlite:///{project / 'mlflow.db'}"
    settings = TrackingSettings(tracking_uri=uri, experiment="verify")
    (project / "conf/base").mkdir(parents=True)
    (project / "conf/base/mlflow.yml").write_text(json.dumps(settings.model_dump()))
    store = open_store(project, settings)
    publish_cell(store, UNREGISTERED)
    run_id = publish_cell(store, KEY)
    model_id = store.client.get_run(run_id).outputs.model_outputs[0].model_id
    store.client.create_registered_model("whichgen-digits")
    location = store.client.get_logged_model(model_id).artifact_location
    store.client.create_model_version("whichgen-digits", location, run_id=run_id, model_id=model_id)
