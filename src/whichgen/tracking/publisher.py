"""A cell's files as one MLflow run: created or continued, each thing logged once."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whichgen.tracking.cell_files import (
    CellFiles,
    Key,
    Moment,
    content_hash,
    live_folder,
    read_cell,
)
from whichgen.tracking.history import Row, fingerprint
from whichgen.tracking.images import log_images
from whichgen.tracking.model import log_generator
from whichgen.tracking.provenance import git_tags
from whichgen.tracking.store import Store, project_lock
from whichgen.tracking.tracked_run import TrackedRun

_STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED", "training": "RUNNING"}


def publish_cell(store: Store, key: Key, moment: Moment = "later") -> str | None:
    """Bring the run of a cell up to date with its files.

    A run belongs to a cell, a configuration and a history: the same files always find the same
    run, and a training that gave other figures (with changed code, say) gets a run of its own.

    Args:
        moment: see `read_cell`.

    Returns:
        The run's id; None if the cell has no files yet.
    """
    with project_lock(store.project):
        files = read_cell(store.project, key, moment)
        if files.configuration is None:
            return None
        run = _find_or_create(store, files)
        _log_parameters(run, files)
        _log_dataset(run, files)
        _log_history(run, files)
        _log_results(run, files)
        log_images(run, files)
        if files.generator is not None:
            log_generator(run, files)
        _set_status(run, files)
    return run.id


def _find_or_create(store: Store, files: CellFiles) -> TrackedRun:
    identity = {
        "whichgen.cell": files.name,
        "whichgen.configuration": content_hash(files.configuration),
    }
    for known in store.find_runs(identity):
        run = TrackedRun(store, known)
        if _continues(run.marks, files.history):
            return run
    training = files.state == "training"
    tags = identity | _labels(files) | git_tags(store.project, training=training)
    created = store.create_run(files.name, tags, _started_ms(store.project, files))
    return TrackedRun(store, created)


def _continues(marks: Mapping[str, Any], history: list[Row]) -> bool:
    """Whether the rows logged so far, as their first and last tell, are rows of this history."""
    if "step" not in marks or not history:
        return True
    at_last = [fingerprint(row) for row in history if row["step"] == marks["step"]]
    return fingerprint(history[0]) == marks["first_row"] and at_last in ([], [marks["last_row"]])


def _labels(files: CellFiles) -> dict[str, str]:
    configuration = files.configuration or {}
    dataset, recipe, seed = files.key
    return {
        "whichgen.dataset": dataset,
        "whichgen.recipe": recipe,
        "whichgen.seed": str(seed),
        "whichgen.family": str(configuration.get("family", "")),
        "whichgen.data_hash": str(configuration.get("data_hash", "")),
        "mlflow.source.name": "whichgen",
        "mlflow.source.type": "LOCAL",
    }


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

    digest = (files.configuration or {}).get("data_hash")
    if not digest or run.run.inputs.dataset_inputs:
        return
    dataset = Dataset(
        name=files.key[0],
        digest=digest[:36],  # MLflow's limit
        source_type="local",
        source=json.dumps({"uri": f"data/05_model_input/{files.key[0]}"}),
        profile=json.dumps(files.dataset_info.get("counts", {})),
    )
    context = InputTag("mlflow.data.context", "training")
    run.store.client.log_inputs(run.id, [DatasetInput(dataset, [context])])


def _log_history(run: TrackedRun, files: CellFiles) -> None:
    """Rows after the last logged one. Times follow from the rows: logging twice adds nothing.

    The metrics' prefix puts the curves before all single figures on MLflow's page of the run.
    """
    logged = run.marks.get("step", -1)
    rows = [row for row in files.history if row["step"] > logged]
    if not rows:
        return
    points = [
        (
            f"by_step/{name}",
            value,
            run.start_ms + round(1000 * row.get("seconds", 0.0)),
            int(row["step"]),
        )
        for row in rows
        for name, value in row.items()
        if name != "step"
    ]
    run.log(metrics=points)
    first, last = fingerprint(files.history[0]), fingerprint(rows[-1])
    run.mark(step=int(rows[-1]["step"]), first_row=first, last_row=last)


def _log_results(run: TrackedRun, files: CellFiles) -> None:
    """What is known at the end; only figures that differ from the run's."""
    groups = {
        "score": files.scores.get("scores"),
        "floor": files.scores.get("floors"),
        "p_value": files.scores.get("p_values"),
        "cost": files.cell.get("cost"),
        "measured": files.measured,
    }
    figures = {
        f"{group}/{name}": float(value)
        for group, values in groups.items()
        for name, value in (values or {}).items()
        if isinstance(value, int | float) and math.isfinite(value)
    }
    now, step = round(1000 * time.time()), int(files.cell.get("best_step", 0))
    known = run.run.data.metrics
    changed = [(name, v, now, step) for name, v in figures.items() if known.get(name) != v]
    tags = {
        "whichgen.status": files.cell.get("status"),
        "whichgen.error": files.error or ("" if "whichgen.error" in run.run.data.tags else None),
        "whichgen.uses_labels": files.cell.get("uses_labels"),
        "whichgen.device": files.measured.get("device"),
        "whichgen.judge": files.scores.get("judge"),
    }
    given = {name: value for name, value in tags.items() if value is not None}
    run.log(metrics=changed, tags=given)


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


def _started_ms(project: Path, files: CellFiles) -> int:
    """When the configuration was written; now, where there is no such file."""
    try:
        started = (live_folder(project, files.key) / "config.json").stat().st_mtime
    except FileNotFoundError:
        started = time.time()
    return round(1000 * started)
