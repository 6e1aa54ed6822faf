"""Files that would run code when loaded: none does, and each is one clear error.

Every file here leaves a trace if its code runs; `trap` holds the trace's path.
"""

import hashlib
import json
import pickle
import re
from functools import partial
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner
from safetensors.torch import load_file, save_file

from tests.training.conftest import GAN, TRUNK, K
from whichgen.cli import cli
from whichgen.errors import WhichgenError
from whichgen.networks import build_generator
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.spec import CellSpec

CPU = torch.device("cpu")
SPEC = CellSpec(
    dataset="squares", name="small", seed=0, recipe=GAN, trunk=TRUNK,
    budget_flops=1e9, data_hash="d", extractor_hash="e",
)  # fmt: skip


class Payload:
    """Pickled, it writes a file when it is loaded."""

    def __init__(self, trap):
        self.trap = trap

    def __reduce__(self):
        return Path.write_text, (self.trap, "ran")


@pytest.fixture
def trap(tmp_path):
    """The file that code writes if it runs; that the payload would write it is shown first."""
    file = tmp_path / "trap"
    pickle.loads(pickle.dumps(Payload(file)))
    assert file.read_text() == "ran"
    file.unlink()
    yield file
    assert not file.exists()


@pytest.mark.parametrize(
    "write", [torch.save, partial(pickle.dump, protocol=2)], ids=["torch", "pickle"]
)
def test_a_checkpoint_with_code_is_refused_by_resuming(trap, tmp_path, write):
    checkpoints = Checkpoints(tmp_path / "checkpoints", SPEC.identity())
    checkpoints.save({"step": 5})
    evil = tmp_path / "evil"
    with evil.open("wb") as file:
        write({"step": 9, "weights": Payload(trap)}, file)
    digest = hashlib.sha256(evil.read_bytes()).hexdigest()  # who writes the file can hash it, too
    target = evil.rename(checkpoints.folder / f"step_0000000009.{digest}.pt")
    with pytest.raises(WhichgenError, match=f"^{re.escape(str(target))}: not a checkpoint") as said:
        checkpoints.load(CPU)
    assert "\n" not in str(said.value)
    target.unlink()  # the way out that the message names
    assert checkpoints.load(CPU) == {"step": 5}


@pytest.fixture
def cell(tmp_path, monkeypatch):
    """A trained cell's folder in a project, which is the working folder."""
    folder = tmp_path / "data/06_models/squares/small/0"
    folder.mkdir(parents=True)
    (tmp_path / "conf/base").mkdir(parents=True)
    info = {"channels": 1, "resolution": 8, "labelled": True}
    info |= {"types": {"names": ["a", "b", "c"], "shares": [1 / K] * K}}
    configuration = GAN.model_dump(mode="json") | {"trunk": TRUNK.model_dump(mode="json")}
    record = {"family": "gan", "configuration": configuration, "data": info}
    (folder / "cell.json").write_text(json.dumps(record))
    weights = build_generator(GAN, TRUNK, info).state_dict()
    save_file(weights, folder / "generator.safetensors")
    monkeypatch.chdir(tmp_path)
    return folder


def sample():
    arguments = ["sample", "--recipe", "small", "--dataset", "squares", "--n", "4"]
    return CliRunner().invoke(cli, [*arguments, "--out", "grid.png"])


def refused(cell, done):
    lines = done.output.splitlines()
    assert (done.exit_code, len(lines)) == (1, 1)
    path = cell.relative_to(Path.cwd()) / "generator.safetensors"
    assert lines[0].startswith(f"Error: {path}: not this cell's weights (")
    assert not Path("grid.png").exists()


def test_a_pickle_under_the_name_of_weights_is_refused_by_sampling(trap, cell):
    assert sample().exit_code == 0
    Path("grid.png").unlink()
    weights = cell / "generator.safetensors"
    weights.write_bytes(pickle.dumps(Payload(trap)))
    refused(cell, sample())
    torch.save({"weights": Payload(trap)}, weights)
    refused(cell, sample())


def test_weights_of_other_networks_are_refused_by_sampling(cell):
    weights = cell / "generator.safetensors"
    tensors = load_file(weights)
    first = next(iter(tensors))
    save_file({name: t for name, t in tensors.items() if name != first}, weights)
    refused(cell, sample())
    save_file(tensors | {first: torch.zeros(2, 3)}, weights)
    refused(cell, sample())


def test_a_network_is_named_from_a_list_and_never_imported(trap, cell):
    record = json.loads((cell / "cell.json").read_text())
    record["configuration"]["generator"]["name"] = "tests.security.test_no_code_is_loaded.Payload"
    (cell / "cell.json").write_text(json.dumps(record))
    done = sample()
    assert done.exit_code == 1
    assert "is not one of article, convolutional" in done.output


def test_yaml_makes_no_objects(trap, cell):
    settings = Path("conf/base/mlflow.yml")
    settings.write_text(f"mode: !!python/object/apply:pathlib.Path.write_text ['{trap}', ran]\n")
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(settings.read_text())
    done = CliRunner().invoke(cli, ["sync"])
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
    assert "conf/base/mlflow.yml: not valid YAML: could not determine a constructor" in done.output


@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")  # of MLflow's own classes
def test_a_model_with_a_pickle_is_refused_by_loading(trap, tmp_path, monkeypatch):
    import mlflow

    class Model(mlflow.pyfunc.PythonModel):
        def __init__(self):
            self.payload = Payload(trap)

        def predict(self, context, model_input, params=None):
            return model_input

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")  # as MLflow itself has it
    folder = str(tmp_path / "model")
    mlflow.pyfunc.save_model(folder, python_model=Model(), pip_requirements=["mlflow"])
    mlflow.pyfunc.load_model(folder)
    assert trap.read_text() == "ran"
    trap.unlink()
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(mlflow.MlflowException, match="MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        mlflow.pyfunc.load_model(folder)
