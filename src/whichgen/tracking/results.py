"""What is known of a cell at its end: figures and tags, tied to the model and its data."""

import math

from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.lineage import dvc_tags
from whichgen.tracking.points import CURVES, row_points
from whichgen.tracking.tracked_run import TrackedRun


def log_results(run: TrackedRun, files: CellFiles) -> None:
    """Log the figures and tags that differ from the run's."""
    _log_tags(run, files)
    model = run.marks.get("model")
    if model is not None and run.marks.get("rated") != model:
        _log_choice(run, files, model)
    known = run.run.data.metrics if run.marks.get("rated") == model else {}
    step = int(files.cell.get("best_step", 0))
    changed = [
        (name, value, files.written_ms, step)
        for name, value in _figures(files).items()
        if known.get(name) != value
    ]
    if changed or run.marks.get("rated") != model:
        run.log(metrics=changed, about=_about(files, model), marks={"rated": model})


def _log_choice(run: TrackedRun, files: CellFiles, model: str) -> None:
    """The validation for which this checkpoint was chosen is a figure of the model too."""
    chosen = [row for row in files.history if row["step"] == files.cell.get("best_step")]
    points = [point for row in chosen for point in row_points(run.start_ms, row)]
    validation = [point for point in points if point[0].startswith(f"{CURVES}validation")]
    run.log(metrics=validation, about=_about(files, model))


def _figures(files: CellFiles) -> dict[str, float]:
    groups = {
        "score": files.scores.get("scores"),
        "floor": files.scores.get("floors"),
        "p_value": files.scores.get("p_values"),
        "cost": files.cell.get("cost"),
        "measured": files.measured,
    }
    return {
        f"{group}/{name}": float(value)
        for group, values in groups.items()
        for name, value in (values or {}).items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _about(files: CellFiles, model: str | None) -> dict[str, str]:
    """What the figures speak of, for MLflow's pages of models and datasets."""
    if model is None:
        return {}
    digest = dataset_digest(files)
    data = {"dataset_name": files.key[0], "dataset_digest": digest} if digest else {}
    return {"model_id": model} | data


def dataset_digest(files: CellFiles) -> str:
    """The hash of the packed data, cut to MLflow's limit; empty where it is not known."""
    return str((files.configuration or {}).get("data_hash", ""))[:36]


def _log_tags(run: TrackedRun, files: CellFiles) -> None:
    known = run.run.data.tags
    tags = {
        "whichgen.status": files.cell.get("status"),
        "whichgen.error": files.error or ("" if "whichgen.error" in known else None),
        "whichgen.uses_labels": files.cell.get("uses_labels"),
        "whichgen.device": files.measured.get("device"),
        "whichgen.judge": files.scores.get("judge"),
    }
    if files.cell:
        tags |= dvc_tags(run.store.project, files)
    given = {name: value for name, value in tags.items() if value is not None}
    run.log(tags={name: value for name, value in given.items() if known.get(name) != str(value)})
