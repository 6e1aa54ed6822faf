"""The generator of a cell as a model of its run, loadable by `mlflow.pyfunc` on any machine."""

import json
import os
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.forms import Form, form_of
from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.manifest import MANIFEST_TAG, write_manifest
from whichgen.tracking.settings import credentials, load_settings, tracking_uri
from whichgen.tracking.store import explain
from whichgen.tracking.tracked_run import TrackedRun, file_digest

_FILES = {"weights": "generator.safetensors", "record": "cell.json"}
_CODE = (
    "__init__.py",
    "drawing.py",
    "errors.py",
    "forms",
    "grids.py",
    "networks",
    "parameters",
    "serving.py",
)  # of whichgen: what a generator needs to run and to be served
_PATIENCE = {  # of whoever waits for a model: a client left alone tries for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "pillow", "pydantic", "safetensors", "torch")


def log_generator(run: TrackedRun, files: CellFiles) -> None:
    """Log the weights, their record and the code that runs them, unless this very model is there.

    The requirements are given, not inferred, and the example is not run: both would take seconds
    and need torch, which publishing does without.
    """
    assert files.generator is not None
    digest = file_digest(*(files.generator / file for file in _FILES.values()))
    if run.marks.get("generator") == digest:
        return
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    client = run.store.client
    model = find_or_create_model(run, {"whichgen.cell": files.name, "whichgen.weights": digest})
    with tempfile.TemporaryDirectory(prefix="whichgen-") as temporary:
        folder = Path(temporary) / "model"
        save_generator(files.generator, folder, run_id=run.id, model_id=model.model_id)
        client.set_logged_model_tags(model.model_id, {MANIFEST_TAG: write_manifest(folder)})
        client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    given = run.run.outputs.model_outputs if run.run.outputs else []
    if model.model_id not in {output.model_id for output in given}:
        output = LoggedModelOutput(model.model_id, step=int(files.cell["best_step"]))
        client.log_outputs(run.id, [output])
    run.mark(generator=digest, model=model.model_id)


def find_or_create_model(run: TrackedRun, tags: dict[str, str]) -> Any:
    """The run's model with these tags: a new one, or what is left of a try that was cut short.

    Where an answer was lost, the request was made again, and there are two: one is removed.
    """
    client, experiments = run.store.client, [run.store.experiment_id]
    known = client.search_logged_models(experiments, f"source_run_id = '{run.id}'")
    same = [model for model in known if tags.items() <= model.tags.items()]
    for model in same[1:]:
        client.delete_logged_model(model.model_id)
    if same:
        return same[0]
    name = tags["whichgen.cell"].replace("/", "-")  # MLflow allows no slash there
    return client.create_logged_model(*experiments, name=name, source_run_id=run.id, tags=tags)


def save_generator(
    cell: Path, folder: Path, *, run_id: str | None = None, model_id: str | None = None
) -> None:
    """Write the trained cell in the folder `cell` as an MLflow model, a new folder of its own.

    Its metadata name the types by their numbers, and say of what shape the samples are.
    """
    import pandas as pd
    from mlflow import pyfunc
    from mlflow.models import Model

    record = json.loads((cell / _FILES["record"]).read_text())
    example = {"n": [4], "seed": [0], "type": [0], "truncation": [1.0]}
    with tempfile.TemporaryDirectory(prefix="whichgen-") as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow.pyfunc warns of its own type hints
        pyfunc.save_model(
            path=str(folder),
            python_model=str(Path(__file__).with_name("generator_model.py")),
            artifacts={name: str(cell / file) for name, file in _FILES.items()},
            code_paths=[str(_copy_code(Path(temporary) / "whichgen"))],
            signature=_signature(form_of(record["data"])),
            input_example=pd.DataFrame(example),
            pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in _REQUIREMENTS],
            metadata=_metadata(record),
            mlflow_model=Model(run_id=run_id, model_id=model_id),
        )


def fetch_generator(project: Path, uri: str) -> Path:
    """A folder with the weights and the record of a model that `save_generator` wrote.

    Args:
        uri: as MLflow takes it (models:/NAME@ALIAS, models:/NAME/VERSION, runs:/…) or a folder.

    Raises:
        WhichgenError: if there is no such model, or it is another one.
    """
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    settings = load_settings(project)
    store = tracking_uri(project, settings)
    os.environ.update(credentials(settings))  # MLflow looks for them there
    try:
        fetched = download_artifacts(artifact_uri=uri, tracking_uri=store, registry_uri=store)
    except (MlflowException, OSError) as error:
        raise WhichgenError(
            f"{uri}: MLflow at {store}: {explain(error)}; name what is there, or mend tracking_uri "
            "in conf/base/mlflow.yml"
        ) from error
    folder = Path(fetched) / "artifacts"
    if not all((folder / file).is_file() for file in _FILES.values()):
        raise WhichgenError(
            f"{uri}: not a model of whichgen: it holds no {', '.join(_FILES.values())}"
        )
    return folder


def _metadata(record: dict[str, Any]) -> dict[str, Any]:
    data, form = record["data"], form_of(record["data"])
    typed = record["family"] == "dgn" or data["labelled"]
    return {
        "whichgen": {name: record[name] for name in ("dataset", "recipe", "family", "seed")}
        | {
            form.noun: list(form.shape),
            "types": dict(enumerate(data["types"]["names"])) if typed else {},
        }
    }


def _signature(form: Form) -> Any:
    """Of answers and parameters alone: rows that it described MLflow would change before the model
    sees them, 1.5 to 1 and "5" to 5, and drop columns that it does not name. `serving` checks them.
    """
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec
    from mlflow.types.schema import DataType

    return ModelSignature(
        outputs=Schema([TensorSpec(np.dtype(form.dtype), (-1,) * (1 + len(form.shape)))]),
        params=ParamSchema([ParamSpec("encoding", DataType.string, "array")]),
    )


def _copy_code(target: Path) -> Path:
    """The part of this package that a generator needs, so that the model runs without the rest."""
    package = Path(__file__).parents[1]
    target.mkdir()
    for name in _CODE:
        source = package / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target / name, ignore=skipped)
        else:
            shutil.copy(source, target / name)
    return target
