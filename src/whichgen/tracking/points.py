"""The curves of a cell: the rows of its history, and what the machine did meanwhile."""

from whichgen.tracking.cell_files import CellFiles
from whichgen.tracking.history import Row, fingerprint
from whichgen.tracking.store import BATCH_METRICS, Point, batches
from whichgen.tracking.tracked_run import TrackedRun

CURVES = "by_step/"  # this puts the curves before all single figures on MLflow's page of the run


def log_history(run: TrackedRun, files: CellFiles) -> None:
    """Log the rows after the last logged one, whole rows in a request.

    The run's own latest FLOPs, which rise from row to row, say which one that is: MLflow keeps
    them together with the points, while a mark may be lost.
    """
    logged = run.run.data.metrics.get(f"{CURVES}flops", -1.0)
    rows = [row for row in files.history if row["flops"] > logged]
    first = fingerprint(files.history[0]) if rows else ""
    widest = max(map(len, rows), default=1)
    for some in batches(rows, max(1, BATCH_METRICS // widest)):
        run.log(
            metrics=[point for row in some for point in row_points(run.start_ms, row)],
            marks={
                "step": int(some[-1]["step"]),
                "first_row": first,
                "last_row": fingerprint(some[-1]),
            },
        )


def row_points(start_ms: int, row: Row) -> list[Point]:
    """The row's figures; their time follows from the row, so logging twice adds nothing."""
    time = start_ms + round(1000 * row.get("seconds", 0.0))
    step = int(row["step"])
    return [(f"{CURVES}{name}", value, time, step) for name, value in row.items() if name != "step"]


def log_system(run: TrackedRun, files: CellFiles) -> None:
    """Log the samples of the machine's load after those that are logged, under MLflow's names."""
    begin: int = run.marks.get("system", 0)
    samples = files.system[begin:]
    if not samples:
        return
    run.log(
        metrics=[
            (f"system/{name}", value, int(sample["time_ms"]), step)
            for step, sample in enumerate(samples, start=begin)
            for name, value in sample.items()
            if name != "time_ms"
        ],
        marks={"system": len(files.system)},
    )
