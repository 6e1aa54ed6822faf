import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from tests.tracking.cell_writer import KEY, CellWriter, write
from whichgen.errors import WhichgenError
from whichgen.tracking.cell_files import find_cells, read_cell


@pytest.fixture
def cell(tmp_path: Path) -> CellWriter:
    return CellWriter(tmp_path)


@pytest.fixture(scope="module")
def gone_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_cell_without_files_is_empty(tmp_path: Path) -> None:
    files = read_cell(tmp_path, KEY)
    assert (files.configuration, files.history, files.scores) == (None, [], {})
    assert find_cells(tmp_path) == []


def test_a_training_in_progress(cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2)
    cell.preview(2)
    files = read_cell(cell.project, KEY)
    assert files.state == "training"
    assert files.configuration == cell.configuration
    assert [row["step"] for row in files.history] == [1, 2]
    assert files.history[1] == {
        "step": 2,
        "flops": 2e6,
        "images_seen": 128,
        "generator_loss": 1.0,
        "validation_fd": 5.0,
        "seconds": 0.2,
    }
    assert list(files.previews) == [2]
    assert files.generator is None


@pytest.mark.parametrize("torn", ["{", '{"step": 3, "fl', '{"step": 3, "flops": 1e'])
def test_a_torn_last_line_is_ignored(cell: CellWriter, torn: str) -> None:
    cell.start()
    cell.rows(1, 2)
    for name in ("history.jsonl", "timing.jsonl"):
        with (cell.live / name).open("a") as file:
            file.write(torn)
    assert [row["step"] for row in read_cell(cell.project, KEY).history] == [1, 2]


def test_a_broken_line_elsewhere_is_told_with_file_and_line(cell: CellWriter) -> None:
    cell.start()
    (cell.live / "history.jsonl").write_text('{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(WhichgenError, match=r"history\.jsonl, line 2: not JSON"):
        read_cell(cell.project, KEY)


def test_the_process_decides_whether_a_training_goes_on(cell: CellWriter, gone_pid: int) -> None:
    cell.start()
    assert read_cell(cell.project, KEY, "end").state == "stopped"
    cell.status("training", pid=gone_pid)
    assert read_cell(cell.project, KEY).state == "stopped"


def test_a_training_that_a_signal_stopped_is_stopped_though_its_process_lives(
    cell: CellWriter,
) -> None:
    cell.start()
    cell.status("stopped")
    assert read_cell(cell.project, KEY, "live").state == "stopped"


def test_a_failed_cell_keeps_its_error_and_offers_no_generator(cell: CellWriter) -> None:
    cell.start()
    cell.status("failed", "the loss is not finite")
    cell.outputs("failed", "the loss is not finite")
    (cell.folder("06_models") / "generator.safetensors").write_bytes(b"weights")
    files = read_cell(cell.project, KEY)
    assert (files.state, files.error) == ("failed", "the loss is not finite")
    assert files.generator is None


def test_a_restored_cell_reads_as_the_trained_one(cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2)
    rows = [json.loads(line) for line in (cell.live / "history.jsonl").read_text().splitlines()]
    del rows[0]["validation_fd"]
    (cell.live / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    cell.status("finished")
    cell.outputs()
    cell.scores()
    pd.DataFrame(rows).to_csv(cell.folder("06_models") / "history.csv", index=False)
    timing = pd.DataFrame({"step": [1, 2], "seconds": [0.1, 0.2]})
    timing.to_csv(cell.folder("06_models") / "timing.csv", index=False)
    trained = read_cell(cell.project, KEY)
    for name in ("config.json", "status.json", "history.jsonl", "timing.jsonl"):
        (cell.live / name).unlink()
    assert read_cell(cell.project, KEY) == trained
    assert "validation_fd" not in trained.history[0]


def test_what_an_earlier_training_left_is_not_taken_for_this_one(cell: CellWriter) -> None:
    cell.start()
    cell.status("finished")
    cell.outputs()
    cell.scores()
    cell.start()  # the same cell trains again
    files = read_cell(cell.project, KEY)
    assert (files.state, files.cell, files.scores) == ("training", {}, {})


def test_a_restored_cell_wins_over_another_trainings_live_files(cell: CellWriter) -> None:
    cell.start()
    cell.rows(1, 2, 3)
    cell.status("finished")
    cell.outputs()
    write(cell.live / "config.json", cell.configuration | {"networks": {"width": 99}})
    files = read_cell(cell.project, KEY)
    assert files.configuration == cell.configuration
    assert files.history == []


def test_scores_of_another_configuration_are_stale(cell: CellWriter) -> None:
    cell.start()
    cell.status("finished")
    cell.outputs()
    cell.scores()
    assert read_cell(cell.project, KEY).scores["scores"]["fd"] == 1.5
    path = cell.scores_file
    write(path, json.loads(path.read_text()) | {"configuration_hash": "another"})
    assert read_cell(cell.project, KEY).scores == {}


def test_the_catalog_puts_the_files_where_they_are_looked_for(cell: CellWriter) -> None:
    cell.start()
    cell.preview(1)
    cell.outputs()
    cell.scores()
    written = {
        path.relative_to(cell.project).as_posix()
        for path in cell.project.rglob("*")
        if path.is_file() and path.parent.name not in ("live", "previews")
    } | {cell.live.relative_to(cell.project).as_posix()}
    catalog = OmegaConfigLoader(
        str(Path(__file__).parents[2] / "conf"),
        base_env="base",
        default_run_env="base",
        runtime_params={"dataset": "digits", "recipe": "gan", "seed": 0},
    )["catalog"]
    known = {str(entry.get("filepath")) for entry in catalog.values() if isinstance(entry, dict)}
    assert written - known == set()


def test_cells_are_found_by_dataset(tmp_path: Path) -> None:
    keys = [("digits", "dgn", 10), ("digits", "dgn", 9), ("shoes", "gan", 0)]
    for key in keys:
        CellWriter(tmp_path, key).start()
    (tmp_path / "data/06_models/digits/notes/readme").mkdir(parents=True)
    assert find_cells(tmp_path) == [keys[1], keys[0], keys[2]]
    assert find_cells(tmp_path, "shoes") == [keys[2]]
