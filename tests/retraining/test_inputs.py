"""The hashes change with what is trained on, and with nothing else."""

import os

import pytest

from whichgen.retraining.inputs import Inputs, hash_configuration, hash_folder


@pytest.fixture
def folder(tmp_path):
    for name, content in (("cats/1.png", b"one"), ("cats/2.png", b"two"), ("dogs/1.png", b"one")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_the_same_files_have_the_same_hash_whenever_they_were_written(folder):
    before = hash_folder(folder)
    content = (folder / "cats/1.png").read_bytes()
    (folder / "cats/1.png").unlink()
    (folder / "cats/1.png").write_bytes(content)
    os.utime(folder / "cats/2.png", (0, 0))
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "cats/.part").write_bytes(b"x")
    assert hash_folder(folder) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda f: (f / "cats/1.png").write_bytes(b"onf"),
        lambda f: (f / "cats/1.png").rename(f / "cats/3.png"),
        lambda f: (f / "cats/1.png").rename(f / "dogs/3.png"),
        lambda f: (f / "cats/1.png").unlink(),
        lambda f: (f / "cats/4.png").write_bytes(b""),
        lambda f: (f / "birds").mkdir(),
        lambda f: [(f / "cats/1.png").write_bytes(b"on"), (f / "cats/2.png").write_bytes(b"etwo")],
    ],
    ids=["a byte", "a name", "a class", "one less", "one more", "an empty class", "a border"],
)
def test_every_change_of_the_files_changes_the_hash(folder, change):
    before = hash_folder(folder)
    change(folder)
    assert hash_folder(folder) != before


def test_a_source_without_raw_files_never_changes(tmp_path):
    assert hash_folder(tmp_path / "digits") == hash_folder(tmp_path / "none")


def test_the_configuration_counts_as_far_as_the_dataset_is_trained_by_it(parameters):
    def changed(**update):
        return hash_configuration(parameters.model_copy(update=update), "digits")

    before = hash_configuration(parameters, "digits")
    sweep, datasets = parameters.sweep, parameters.datasets
    richer = datasets["digits"].model_copy(update={"budget": 9e11})
    assert changed(sweep=sweep.model_copy(update={"seeds": [0, 1]})) != before
    assert changed(sweep=sweep.model_copy(update={"gan_recipes": ["hinge"]})) != before
    assert changed(datasets={**datasets, "digits": richer}) != before
    assert changed(budget=1e9) != before
    assert changed(datasets={"digits": datasets["digits"]}) == before
    assert changed(seed=4, recipe="hinge") == before


def test_what_changed_is_named():
    now = Inputs(raw="a", configuration="b")
    assert now.changed_since(None) == ["raw", "configuration"]
    assert now.changed_since(now) == []
    assert now.changed_since(Inputs(raw="x", configuration="b")) == ["raw"]
    assert now.changed_since(Inputs(raw="a", configuration="x")) == ["configuration"]
