"""A dataset's comparison as one MLflow run: the verdict, the report, and its cells nested in it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whichgen.tracking.cell_files import REPORTS, content_hash, find_cells
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.store import Store, project_lock
from whichgen.tracking.tracked_run import TrackedRun, choose, file_digest

_PARENT = "mlflow.parentRunId"
_PUBLISHED = (".html", ".md", ".csv", ".json", ".png")
_FIGURES = ("effect", "p_sign_flip", "p_holm", "shift", "floor_margin")


def publish_comparison(store: Store, dataset: str) -> str | None:
    """Publish the dataset's cells, and the comparison as their parent.

    A new verdict makes a new run; the cells move over to it.

    Returns:
        The comparison run's id; None where there is no verdict yet (the cells are published).
    """
    folder = store.project / REPORTS / dataset / "comparison"
    cells = {key: publish_cell(store, key) for key in find_cells(store.project, dataset)}
    if not (folder / "verdict.json").is_file():
        return None
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    with project_lock(store.project):
        run = _find_or_create(store, dataset, verdict)
        if "verdict" not in run.marks:
            _log_verdict(run, verdict)
        _log_files(run, folder)
        left_out = {(item["recipe"], item["seed"]) for item in verdict["left_out"]}
        children = {run_id for key, run_id in cells.items() if run_id and key[1:] not in left_out}
        _adopt(store, run.id, children)
        if run.run.info.status != "FINISHED":
            store.client.set_terminated(run.id, "FINISHED")
    return run.id


def _find_or_create(store: Store, dataset: str, verdict: dict[str, Any]) -> TrackedRun:
    identity = {"whichgen.comparison": dataset, "whichgen.verdict": content_hash(verdict)}
    known = choose([TrackedRun(store, run) for run in store.find_runs(identity)])
    if known:
        return known
    tags = identity | {"mlflow.source.name": "whichgen", "mlflow.source.type": "LOCAL"}
    now = round(1000 * time.time())
    return TrackedRun(store, store.create_run(f"comparison {dataset}", tags, now))


def _log_verdict(run: TrackedRun, verdict: dict[str, Any]) -> None:
    advice = verdict["recommendation"]
    decisions = {
        f"whichgen.{pair}.{axis}": result["decision"]
        for pair, judged in verdict["pairs"].items()
        for axis, result in judged["axes"].items()
    }
    run.log(
        metrics=[(name, value, run.start_ms, 0) for name, value in _figures(verdict)],
        params={key: verdict[key] for key in ("dataset", "judge", "images", "budget_flops")},
        tags=decisions
        | {
            "mlflow.note.content": advice["sentence"]["en"],
            "whichgen.information": verdict["information"],
            "whichgen.choice": advice["choice"],
        },
        marks={"verdict": True},
    )


def _figures(verdict: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """<gan> vs <dgn>/<axis>/<figure>, unknown ones left out."""
    for pair, judged in verdict["pairs"].items():
        for axis, result in judged["axes"].items():
            low, high = result["interval"]
            figures = {name: result[name] for name in _FIGURES} | {"low": low, "high": high}
            for name, value in figures.items():
                if value is not None:
                    yield f"{pair}/{axis}/{name}", float(value)


def _log_files(run: TrackedRun, folder: Path) -> None:
    """The report in its forms, the cards, the table, the figures: each when its bytes changed."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _PUBLISHED):
        name, digest = path.relative_to(folder), file_digest(path)
        if run.marks.get(name.as_posix()) != digest:
            run.store.client.log_artifact(run.id, str(path), name.parent.as_posix().strip("."))
            run.mark(**{name.as_posix(): digest})


def _adopt(store: Store, parent: str, children: set[str]) -> None:
    """Make these runs, and no others, the children of the comparison."""
    now = {run.info.run_id for run in store.find_runs({_PARENT: parent})}
    for run_id in children - now:
        store.log(run_id, tags={_PARENT: parent})
    for run_id in now - children:
        store.client.delete_tag(run_id, _PARENT)
