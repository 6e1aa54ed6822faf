"""What an MLflow server shows of an experiment, down to the last metric point."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

Points = dict[str, list[tuple[int, float, int]]]  # by metric: step, value, time


def runs_of(client: Any, experiment: str) -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else list(client.search_runs([found.experiment_id]))


def all_points(client: Any, run: Any) -> Points:
    histories = {
        name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics
    }
    return {
        name: [(point.step, point.value, point.timestamp) for point in history]
        for name, history in histories.items()
    }


def artifacts(client: Any, run: Any, folder: str = "") -> list[str]:
    """All files of the run, by path."""
    found = []
    for item in client.list_artifacts(run.info.run_id, folder or None):
        found += artifacts(client, run, item.path) if item.is_dir else [item.path]
    return sorted(found)


def everything(client: Any, experiment: str) -> dict[str, Any]:
    """All that is shown: runs with tags, parameters and status, points, files, models."""
    return {
        run.info.run_id: {
            "run": run.to_dictionary(),
            "points": all_points(client, run),
            "artifacts": artifacts(client, run),
        }
        for run in runs_of(client, experiment)
    }


def assert_history_is_whole(client: Any, experiment: str, cell: Path) -> Any:
    """Each row of the cell's history is there, once, and nothing else is; the cell's run."""
    runs = runs_of(client, experiment)
    assert [run.info.status for run in runs] == ["FINISHED"], runs
    points = all_points(client, runs[0])
    table = pd.read_csv(cell / "history.csv")
    assert len(table) > 5
    for column in table.columns.drop("step"):
        rows = table[["step", column]].dropna()
        expected = [(int(step), value) for step, value in rows.itertuples(index=False)]
        assert [point[:2] for point in points.pop(f"by_step/{column}")] == expected
    timing = [json.loads(line) for line in (cell / "live/timing.jsonl").read_text().splitlines()]
    seconds = [(row["step"], row["seconds"]) for row in timing]
    assert [step for step, _ in seconds] == list(table["step"])
    assert [point[:2] for point in points.pop("by_step/seconds")] == seconds
    assert not [name for name in points if name.startswith("by_step/")]
    for name, logged in points.items():  # the figures at the end, and the machine's load
        assert len({step for step, *_ in logged}) == len(logged), name
    return runs[0]
