"""Which cells there are, which are finished, where their results go; and what Slurm is told."""

import json

import pytest
import submitit
from kedro.config import OmegaConfigLoader

from tests.conftest import ROOT
from whichgen.errors import WhichgenError
from whichgen.parameters import parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.sweep.cells import HASHES, MODEL_FILES, OUTPUT_FILES, Cell, finished, grid
from whichgen.sweep.executors import Local, Needs
from whichgen.sweep.job import CellJob, held
from whichgen.sweep.slurm import Slurm, slurm_script
from whichgen.sweep.workspace import SWEEP, collect
from whichgen.training.process import only_process

CELL = Cell(dataset="digits", recipe="gan", family="gan", seed=3)
WANTED = dict(zip(HASHES, "cde", strict=True))


@pytest.fixture(scope="module")
def parameters():
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    return parse_parameters(dict(loader["parameters"]))


def write_results(root, hashes=WANTED, text="new"):
    models, outputs, scores = (root / folder for folder in CELL.results)
    for folder, names in ((models, MODEL_FILES), (outputs, OUTPUT_FILES), (scores, ())):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).write_text(text)
    for path in (models / "cell.json", scores / "scores.json"):
        path.write_text(json.dumps(hashes | {"text": text}))


def test_the_grid_is_every_dataset_seed_and_recipe(parameters):
    sweep = parameters.sweep
    cells = grid(parameters, [], [], [])
    assert len(set(cells)) == len(cells) == 2 * len(sweep.datasets) * len(sweep.seeds)
    assert {cell.family for cell in cells} == {"gan", "dgn"}
    chosen = grid(parameters, ["fashion_mnist"], ["dgn"], [7, 8, 7])
    assert [str(c) for c in chosen] == [f"dgn on fashion_mnist, seed {s}" for s in (7, 8)]


@pytest.mark.parametrize(
    ("datasets", "recipes", "said"),
    [
        (["mnist"], [], "--dataset: 'mnist' is not one of .*digits"),
        ([], ["dgm"], "--recipe: 'dgm' is not"),
    ],
)
def test_a_name_that_is_not_known_is_told_with_its_flag(parameters, datasets, recipes, said):
    with pytest.raises(WhichgenError, match=said):
        grid(parameters, datasets, recipes, [])


def test_a_cell_is_finished_if_every_file_is_there_and_made_from_what_is_wanted(tmp_path):
    write_results(tmp_path)
    assert finished(tmp_path, CELL, WANTED)
    for key in HASHES:
        assert not finished(tmp_path, CELL, WANTED | {key: "another"})
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == len(MODEL_FILES) + len(OUTPUT_FILES) + 1
    for path in files:
        content = path.read_bytes()
        path.unlink()
        assert not finished(tmp_path, CELL, WANTED), path
        path.write_bytes(content)
    assert finished(tmp_path, CELL, WANTED)


def test_collecting_replaces_a_former_cell_and_can_be_done_again_after_a_kill(
    tmp_path, monkeypatch
):
    folder = tmp_path / SWEEP / CELL.path
    write_results(folder)
    write_results(tmp_path, text="old")
    stray = tmp_path / CELL.results[0] / "checkpoints" / "x"
    stray.mkdir(parents=True)
    scores = tmp_path / CELL.results[2] / "scores.json"

    def killed(self, target):
        assert not scores.exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", killed)
        with pytest.raises(KeyboardInterrupt):
            collect(tmp_path, CELL)
    assert not scores.exists()
    collect(tmp_path, CELL)
    assert finished(tmp_path, CELL, WANTED)
    assert {path.read_text() for path in (tmp_path / CELL.results[1]).iterdir()} == {"new"}
    assert not stray.exists()
    assert not folder.exists()
    leftovers = [path.name for path in (tmp_path / "data").glob("*/.*")]
    assert leftovers == []


def test_a_cell_that_trains_in_the_project_is_not_replaced(tmp_path):
    write_results(tmp_path / SWEEP / CELL.path)
    lock = tmp_path / CELL.results[0] / "live/lock"
    with only_process(lock, "gan"), pytest.raises(WhichgenError, match="is training it"):
        collect(tmp_path, CELL)
    assert finished(tmp_path / SWEEP / CELL.path, CELL, WANTED)


def test_a_lock_is_held_as_long_as_its_process_holds_it(tmp_path):
    lock = tmp_path / "lock"
    assert not held(lock)
    with only_process(lock, "x"):
        assert held(lock)
    assert not held(lock)


def test_the_script_for_slurm_holds_what_was_asked_for(tmp_path):
    needs = Needs(
        jobs=4,
        cpus=8,
        gpus=1,
        minutes=90,
        memory=32.0,
        partition="gpu",
        slurm={"account": "vision"},
    )
    lines = slurm_script(tmp_path, needs, 12).splitlines()
    assert lines[0] == "#!/bin/bash"
    assert {line for line in lines if line.startswith("#SBATCH")} >= {
        "#SBATCH --array=0-11%4",
        "#SBATCH --cpus-per-task=8",
        "#SBATCH --gpus-per-node=1",
        "#SBATCH --time=90",
        "#SBATCH --mem=32768MB",
        "#SBATCH --partition=gpu",
        "#SBATCH --account=vision",
        "#SBATCH --signal=USR2@90",
        "#SBATCH --open-mode=append",
    }
    assert lines[-1].startswith("srun ")
    assert lines[-1].endswith(f"-m submitit.core._submit {tmp_path}")
    assert "--array" not in slurm_script(tmp_path, needs, 1)


def test_what_only_slurm_gives_is_refused_elsewhere_and_a_wrong_key_is_named(tmp_path, monkeypatch):
    with pytest.raises(WhichgenError, match="--time: is for --executor slurm only"):
        Local(tmp_path, Needs(minutes=5))
    with pytest.raises(WhichgenError, match=r"--slurm: Unavailable parameter.*acount"):
        slurm_script(tmp_path, Needs(slurm={"acount": "x"}), 1)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WhichgenError, match="no srun on this machine"):
        Slurm(tmp_path, Needs())


def test_cores_are_shared_out_and_a_datasets_own_threads_go_before(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    local = Local(tmp_path, Needs(jobs=4))
    assert local.environment(None) == {"OMP_NUM_THREADS": "2"}
    assert local.environment(1) == {"OMP_NUM_THREADS": "1"}
    assert Local(tmp_path, Needs(jobs=4, cpus=3)).environment(None) == {"OMP_NUM_THREADS": "3"}


def test_each_local_job_has_gpus_of_its_own(tmp_path, monkeypatch):
    for visible, wanted in ((None, ["0,1", "2,3"]), ("4,5,6,7", ["4,5", "6,7"])):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        local = Local(tmp_path, Needs(jobs=2, gpus=2))
        assert [local._gpus(place)["CUDA_VISIBLE_DEVICES"] for place in (0, 1)] == wanted
        assert Local(tmp_path, Needs(jobs=2))._gpus(1) == {"CUDA_VISIBLE_DEVICES": visible}


def test_a_job_asked_to_make_room_is_the_same_job_again(tmp_path):
    job = CellJob(cell=CELL, folder=tmp_path, wanted=WANTED, environment={}, sweep_lock=None)
    again = job.checkpoint()
    assert isinstance(again, submitit.helpers.DelayedSubmission)
    assert again.function == job
