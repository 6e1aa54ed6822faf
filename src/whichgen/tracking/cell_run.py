"""The MLflow run that belongs to a cell's files: found again, or created."""

from collections.abc import Mapping
from typing import Any

from whichgen.tracking.cell_files import CellFiles, content_hash
from whichgen.tracking.history import Row, fingerprint
from whichgen.tracking.provenance import git_tags
from whichgen.tracking.store import Store
from whichgen.tracking.tracked_run import TrackedRun, choose


def find_or_create(store: Store, files: CellFiles) -> TrackedRun:
    """The run of this cell, configuration and history.

    The same files always find the same run; a training that gave other figures, with changed code
    say, gets a run of its own.
    """
    identity = {
        "whichgen.cell": files.name,
        "whichgen.configuration": content_hash(files.configuration),
    }
    known = [TrackedRun(store, run) for run in store.find_runs(identity)]
    found = choose([run for run in known if _continues(run.marks, files.history)])
    if found:
        return found
    made_by = files.provenance or git_tags(store.project, read_at="publishing")
    created = store.create_run(files.name, identity | _labels(files) | made_by, files.started_ms)
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
        "mlflow.note.content": str(configuration.get("summary", "")),
        "mlflow.source.name": "whichgen",
        "mlflow.source.type": "LOCAL",
    }
