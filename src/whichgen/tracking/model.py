"""The generator of a cell as a model of its run, loadable by `mlflow.pyfunc` on any machine."""

import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.tracked_run import TrackedRun, file_digest

_FILES = {"weights": "generator.safetensors", "record": "cell.json"}
_CODE = (
    "__init__.py",
    "errors.py",
    "parameters.py",
    "networks",
)  # of whichgen: what a generator needs to run
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "pydantic", "safetensors", "torch")


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mlflow.pyfunc warns of its own type hints
            _save(files.generator, folder, Path(temporary) / "whichgen", run.id, model.model_id)
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


def _save(generator: Path, folder: Path, code: Path, run_id: str, model_id: str) -> None:
    import pandas as pd
    from mlflow import pyfunc
    from mlflow.models import Model

    pyfunc.save_model(
        path=str(folder),
        python_model=str(Path(__file__).with_name("generator_model.py")),
        artifacts={name: str(generator / file) for name, file in _FILES.items()},
        code_paths=[str(_copy_code(code))],
        signature=_signature(),
        input_example=pd.DataFrame({"n": [4], "seed": [0]}),
        pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in _REQUIREMENTS],
        mlflow_model=Model(run_id=run_id, model_id=model_id),
    )


def _signature() -> Any:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    return ModelSignature(
        inputs=Schema(
            [
                ColSpec("long", "n"),
                ColSpec("long", "seed"),
                ColSpec("long", "type", required=False),
            ]
        ),
        outputs=Schema([TensorSpec(np.dtype(np.uint8), (-1, -1, -1, -1))]),
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
