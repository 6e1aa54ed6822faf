"""`whichgen sample` in this process: where it draws from, what it writes, what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.untrained import write_untrained
from whichgen.cli import cli
from whichgen.drawing import draw
from whichgen.networks import load_generator
from whichgen.tracking.model import save_generator
from whichgen.training.seeding import stream

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///none.db")
    return write_untrained(tmp_path / "data/06_models/digits/dgn/0")


def sample(*options: str, recipe: bool = True) -> Result:
    source = ["--recipe", "dgn", "--dataset", "digits"] if recipe else []
    return CliRunner().invoke(cli, ["sample", *source, *options])


def test_a_type_by_name_and_truncation(cell: Path) -> None:
    done = sample("--n", "9", "--type", "c", "--truncation", "0.4", "--out", "x/images.npz")
    assert done.exit_code == 0, done.output
    with np.load("x/images.npz") as arrays:
        expected, _ = draw(load_generator(cell), 9, stream(0, "sample"), 2, 0.4)
        np.testing.assert_array_equal(arrays["images"], expected)
        assert set(arrays["types"]) == {2}


def test_a_model_gives_what_its_cell_gives(cell: Path) -> None:
    save_generator(cell, Path("model"))
    assert sample("--out", "cell.npz").exit_code == 0
    done = sample("--model", "model", "--out", "model.npz", recipe=False)
    assert done.exit_code == 0, done.output
    assert Path("cell.npz").read_bytes() == Path("model.npz").read_bytes()


def test_a_folder_gets_shards(cell: Path) -> None:
    done = sample("--n", "50", "--shard-size", "20", "--type", "1", "--out", "shards/")
    assert done.exit_code == 0, done.output
    assert "50 images in 3 shards; stopped or killed, the same command goes on" in done.output
    manifest = json.loads(Path("shards/manifest.json").read_text())
    assert [shard["file"] for shard in manifest["shards"]] == [
        f"shard-00000{i}.parquet" for i in range(3)
    ]
    assert (manifest["settings"]["type"], manifest["settings"]["type_names"][1]) == (1, "b")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(cell: Path) -> None:
    Path("shards").mkdir()
    Path("shards/shard-000001.tar.part").symlink_to("/dev/full")
    options = ["--n", "50", "--shard-size", "20", "--format", "webdataset", "--out", "shards"]
    done = sample(*options)
    assert done.exit_code == 1
    last = done.output.splitlines()[-1]
    assert last.startswith("Error: the disk is full: make room and run the same command again")
    assert sample(*options).exit_code == 0
    assert len(list(Path("shards").iterdir())) == 4


@pytest.mark.parametrize(
    ("options", "recipe", "said"),
    [
        (["--model", "data"], False, "data: not a model of whichgen"),
        (["--model", "data"], True, "--recipe for a cell that was trained here, or --model"),
        ([], False, "--recipe for a cell that was trained here, or --model"),
        (["--truncation", "0"], True, "--truncation"),
        (["--truncation", "1.5"], True, "--truncation"),
        (["--type", "d"], True, "'d' is not a number below 3 nor one of ['a', 'b', 'c']"),
    ],
)
def test_mistakes_are_one_line(cell: Path, options: list[str], recipe: bool, said: str) -> None:
    done = sample(*options, "--out", "x.png", recipe=recipe)
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output
    assert not Path("x.png").exists()
