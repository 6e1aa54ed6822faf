import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.tracking.cell_writer import CellWriter, write
from whichgen.tracking.cell_files import read_cell
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.store import Store
from whichgen.tracking.witness import Witness

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
COMMAND = "kedro run --pipelines=gan"


def watch(cell: CellWriter, looks: int = 1) -> None:
    witness = Witness(cell.project, cell.live, COMMAND)
    for _ in range(looks):
        witness.look()
        witness._next = 0.0  # the next sample is due at once


def samples(cell: CellWriter) -> list[dict[str, float]]:
    return [json.loads(line) for line in (cell.live / "system.jsonl").read_text().splitlines()]


@pytest.fixture
def revision(project: Path) -> str:
    """The project's only commit."""
    git = ["git", "-C", str(project), "-c", "user.name=n", "-c", "user.email=e@e"]
    for command in (["init", "-q"], ["add", "conf"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_what_was_seen_is_told_later_though_the_code_has_changed_since(
    store: Store, cell: CellWriter, revision: str
) -> None:
    cell.start()
    watch(cell, looks=2)
    cell.rows(1)
    cell.status("finished")
    (cell.project / "conf/base/mlflow.yml").write_text("mode: required\n")
    run = store.client.get_run(publish_cell(store, cell.key))
    assert run.data.tags["whichgen.command"] == COMMAND
    assert run.data.tags["mlflow.source.git.commit"] == revision
    assert run.data.tags["whichgen.git.dirty"] == "false"
    assert run.data.tags["whichgen.git.read_at"] == "training"


def test_another_process_is_not_taken_for_the_one_that_was_seen(cell: CellWriter) -> None:
    cell.start()
    watch(cell)
    assert read_cell(cell.project, cell.key).provenance["whichgen.command"] == COMMAND
    cell.status("training", pid=os.getpid() + 1)  # it trains again, and nobody watches
    assert read_cell(cell.project, cell.key).provenance == {}


def test_the_load_is_logged_under_mlflows_names_each_sample_once(
    store: Store, cell: CellWriter
) -> None:
    cell.start()
    watch(cell, looks=2)
    run_id = publish_cell(store, cell.key, "live")
    watch(cell)
    assert publish_cell(store, cell.key, "live") == run_id
    publish_cell(store, cell.key, "live")
    written = samples(cell)
    assert len(written) == 3
    assert {"cpu_utilization_percentage", "system_memory_usage_megabytes"} <= written[0].keys()
    for name in written[0].keys() - {"time_ms"}:
        logged = store.client.get_metric_history(run_id, f"system/{name}")
        assert [(m.step, m.value, m.timestamp) for m in logged] == [
            (step, sample[name], sample["time_ms"]) for step, sample in enumerate(written)
        ]


def test_another_configuration_begins_its_samples_anew(cell: CellWriter) -> None:
    cell.start()
    watch(cell, looks=3)
    write(cell.live / "config.json", cell.configuration | {"networks": {"width": 32}})
    watch(cell)
    assert len(samples(cell)) == 1


def test_a_torn_sample_spoils_no_other(store: Store, cell: CellWriter) -> None:
    cell.start()
    watch(cell)
    with (cell.live / "system.jsonl").open("a") as file:
        file.write('{"time_ms": 12\n')
    watch(cell)
    run_id = publish_cell(store, cell.key)
    logged = store.client.get_metric_history(run_id, "system/cpu_utilization_percentage")
    assert [point.step for point in logged] == [0, 2]


def test_a_training_that_is_over_is_not_sampled(cell: CellWriter) -> None:
    cell.start()
    cell.status("finished")
    watch(cell)
    assert not (cell.live / "system.jsonl").exists()
    assert (cell.live / "provenance.json").exists()
