"""Whole commands with `data=stream`: the same files, the same bytes, a clean end."""

import shutil
import signal
import time

import pytest

from tests.conftest import Project

pytestmark = pytest.mark.slow
DEADLINE_SECONDS = 120


def test_streamed_the_same_command_writes_the_same_bytes(trained_project, tmp_path):
    shutil.copytree(trained_project.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    for layer in ("06_models", "04_feature", "05_model_input"):
        shutil.rmtree(project.path(f"data/{layer}/digits"))
    project.run("kedro", "run", "--params", "budget=2e10,data=stream")
    names = [
        "data/05_model_input/digits/info.json",
        "data/06_models/digits/extractor.safetensors",
        "data/04_feature/digits/real.safetensors",
        *(
            f"data/06_models/digits/{recipe}/0/{name}"
            for recipe in ("gan", "dgn")
            for name in ("generator.safetensors", "cell.json", "history.csv")
        ),
    ]
    for name in names:
        assert project.path(name).read_bytes() == trained_project.path(name).read_bytes(), name


def test_a_streamed_training_saves_itself_and_ends_when_it_is_told_to(trained_project):
    training = trained_project.start(
        "kedro", "run", "--pipelines=gan", "--params", "seed=9,budget=1e14,data=stream"
    )
    history = trained_project.path("data/06_models/digits/gan/9/live/history.jsonl")
    end = time.monotonic() + DEADLINE_SECONDS
    while not history.is_file() and training.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.05)
    training.send_signal(signal.SIGTERM)
    _, errors = training.communicate(timeout=DEADLINE_SECONDS)
    assert training.returncode == 143, errors
    assert "Traceback" not in errors
    assert "stopped by SIGTERM" in errors
    shutil.rmtree(trained_project.path("data/06_models/digits/gan/9"))


def test_a_cut_file_and_a_wrong_word_are_told(trained_project, tmp_path):
    shutil.copytree(trained_project.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    path = project.path("data/05_model_input/digits/train.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    for parameters, said in (
        ("data=stream", "train.safetensors: not a whole safetensors file"),
        ("data=disk", "data: input should be 'auto', 'memory' or 'stream'"),
    ):
        done = project.run("kedro", "run", "--pipelines=gan", "--params", parameters, ok=False)
        assert done.returncode != 0
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("Error: ")
        assert said in last
