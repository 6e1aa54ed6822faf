"""A cell's files as one MLflow run: created or continued, each thing logged once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from whichgen.tracking.cell_files import INPUTS, CellFiles, Key, Moment, read_cell
from whichgen.tracking.cell_run import find_or_create
from whichgen.tracking.images import log_images
from whichgen.tracking.model import log_generator
from whichgen.tracking.points import log_history, log_system
from whichgen.tracking.results import dataset_digest, log_results
from whichgen.tracking.store import Store, project_lock
from whichgen.tracking.tracked_run import TrackedRun

_STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED", "training": "RUNNING"}


def publish_cell(store: Store, key: Key, moment: Moment = "later") -> str | None:
    """Bring the run of a cell up to date with its files; see `find_or_create` for which run it is.

    Args:
        moment: see `read_cell`.

    Returns:
        The run's id; None if the cell has no files yet.
    """
    with project_lock(store.project):
        files = read_cell(store.project, key, moment)
        if files.configuration is None:
            return None
        run = find_or_create(store, files)
        _log_parameters(run, files)
        _log_dataset(run, files)
        log_history(run, files)
        log_system(run, files)
        log_images(run, files)
        if files.generator is not None:
            log_generator(run, files)
        log_results(run, files)
        _set_status(run, files)
    return run.id


def _log_parameters(run: TrackedRun, files: CellFiles) -> None:
    parameters = dict(_flat(files.configuration or {}))
    if not parameters.keys() <= run.run.data.params.keys():
        run.log(params=parameters)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, json.dumps(value) if isinstance(value, list) else value


def _log_dataset(run: TrackedRun, files: CellFiles) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    digest = dataset_digest(files)
    if not digest or run.run.inputs.dataset_inputs:
        return
    dataset = Dataset(
        name=files.key[0],
        digest=digest,
        source_type="local",
        source=json.dumps({"uri": (INPUTS / files.key[0]).as_posix()}),
        profile=json.dumps(files.dataset_info.get("counts", {})),
    )
    context = InputTag("mlflow.data.context", "training")
    run.store.client.log_inputs(run.id, [DatasetInput(dataset, [context])])


def _set_status(run: TrackedRun, files: CellFiles) -> None:
    status, client = _STATUS[files.state], run.store.client
    if run.run.info.status == status:
        return
    if status == "RUNNING":
        client.update_run(run.id, status)
        return
    seconds = max((row.get("seconds", 0.0) for row in files.history), default=0.0)
    seconds = float(files.measured.get("seconds", seconds))
    client.set_terminated(run.id, status, end_time=run.start_ms + round(1000 * seconds))
