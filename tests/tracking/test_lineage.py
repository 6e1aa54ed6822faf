import hashlib
import json
from pathlib import Path

import pytest
import yaml

from tests.tracking.cell_writer import CellWriter, write
from whichgen.tracking.cell_files import read_cell
from whichgen.tracking.lineage import dvc_tags

PACKED = "data/05_model_input/digits"


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def cell(tmp_path: Path) -> CellWriter:
    """A scored cell, its packed data, and the lock that DVC writes of both."""
    cell = CellWriter(tmp_path)
    cell.start()
    cell.status("finished")
    cell.outputs()
    cell.scores()
    (tmp_path / PACKED).mkdir(parents=True)
    write(tmp_path / PACKED / "info.json", {"data_hash": cell.configuration["data_hash"]})
    (tmp_path / PACKED / "train.safetensors").write_bytes(b"images")
    lock(tmp_path, f"{PACKED}/info.json", f"{PACKED}/train.safetensors")
    return cell


def lock(project: Path, *paths: str) -> None:
    outs = [{"path": path, "hash": "md5", "md5": md5(project / path)} for path in paths]
    stages = {"data@digits": {"cmd": "kedro run", "outs": outs}}
    (project / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}))


def tags(cell: CellWriter) -> dict[str, str]:
    found = dvc_tags(cell.project, read_cell(cell.project, cell.key))
    return {name.removeprefix("whichgen.dvc."): value for name, value in found.items()}


def test_data_and_outputs_are_named_by_their_md5(cell: CellWriter) -> None:
    paths = [
        f"{PACKED}/info.json",
        f"{PACKED}/train.safetensors",
        "data/06_models/digits/gan/0/cell.json",
        "data/08_reporting/digits/cells/gan/0/scores.json",
    ]
    assert tags(cell) == {path: md5(cell.project / path) for path in paths}


def test_raw_data_is_named_as_its_dvc_file_says(cell: CellWriter) -> None:
    out = {"md5": "0123456789abcdef0123456789abcdef.dir", "path": "digits", "nfiles": 3}
    (cell.project / "data/01_raw").mkdir()
    (cell.project / "data/01_raw/digits.dvc").write_text(yaml.safe_dump({"outs": [out]}))
    assert tags(cell)["data/01_raw/digits"] == out["md5"]


@pytest.mark.parametrize("other", ["the files", "the lock"])
def test_a_lock_of_other_data_is_not_believed(cell: CellWriter, other: str) -> None:
    info = cell.project / PACKED / "info.json"
    write(info, json.loads(info.read_text()) | {"data_hash": "another"})
    if other == "the lock":  # it speaks of the data that lie there, but not of the cell's
        lock(cell.project, f"{PACKED}/info.json", f"{PACKED}/train.safetensors")
    assert not [path for path in tags(cell) if path.startswith(PACKED)]


def test_without_dvc_the_outputs_are_named_all_the_same(cell: CellWriter) -> None:
    (cell.project / "dvc.lock").unlink()
    assert [Path(path).name for path in tags(cell)] == ["cell.json", "scores.json"]
