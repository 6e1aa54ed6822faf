"""`whichgen data add`: imported, versioned and configured, or nothing at all."""

import shutil
import signal
import sys
import zipfile

import numpy as np
import pytest
import yaml

from tests.conftest import Project, copy_project
from tests.datasets.forms import CLASSES, png, write_folder
from whichgen.datasets import adding
from whichgen.datasets.adding import UnusableFilesError, add_dataset
from whichgen.datasets.configuration import configured, write_configuration
from whichgen.datasets.versions import is_versioned, version
from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset
from whichgen.sources import load_source

SETTINGS = "conf/base/parameters/datasets/mine.yml"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A repository of the project's files, not to be changed."""
    project = Project(copy_project(tmp_path_factory.mktemp("clone")))
    for command in (
        ("init", "-q"),
        ("config", "user.email", "test@example.org"),
        ("config", "user.name", "test"),
        ("add", "-A"),
        ("commit", "-qm", "start"),
    ):
        project.run("git", *command)
    return project


@pytest.fixture(scope="module")
def versioned(clone, tmp_path_factory):
    """The same with a dataset that was imported, not to be changed."""
    folder = tmp_path_factory.mktemp("versioned")
    project = Project(shutil.copytree(clone.folder, folder / "project"))
    rng = np.random.default_rng(0)
    write_folder(folder / "plain", rng.integers(0, 256, (20, 8, 8), np.uint8), CLASSES * 5)
    add_dataset(project.folder, folder / "plain", "mine")
    return project


def count(project):
    """The images of the dataset."""
    return len(list(project.path("data/01_raw/mine").rglob("*.png")))


@pytest.fixture
def project(clone, tmp_path):
    return Project(shutil.copytree(clone.folder, tmp_path / "project"))


@pytest.fixture
def plain(tmp_path, images, labels):
    write_folder(tmp_path / "plain", images, labels)
    return tmp_path / "plain"


def state(project):
    """Every file that an import may touch, hidden ones too, but for the lock."""
    places = ("data/01_raw", "conf/base")
    return {
        str(path.relative_to(project.folder)): path.read_bytes()
        for place in places
        for path in project.path(place).rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


@pytest.mark.slow
def test_a_folder_becomes_a_configured_and_versioned_dataset(project, plain, images):
    licensed = ("--licence", "CC BY 4.0: 'ants' & more")
    done = project.run("whichgen", "data", "add", str(plain), "--name", "mine", *licensed)
    assert "       5  ant\n" in done.stdout
    pointer = yaml.safe_load(project.path("data/01_raw/mine.dvc").read_text())["outs"][0]
    assert pointer["nfiles"] == 20
    assert f"Version: {pointer['md5']}" in done.stdout
    dataset = Dataset.model_validate(
        yaml.safe_load(project.path(SETTINGS).read_text())["datasets"]["mine"]
    )
    assert dataset.source.arguments() == {"resolution": 8}
    assert dataset.licence == licensed[1]
    uncommitted = project.run("whichgen", "data", "diff", "mine", ok=False).stderr
    assert uncommitted.startswith("Error: data/01_raw/mine.dvc: not in git at HEAD; commit it, ")
    loaded = load_source("image_folder", project.path("data/01_raw/mine"), {"resolution": 8})
    assert loaded.type_names == CLASSES
    assert {image.tobytes() for image in loaded.images} == {image.tobytes() for image in images}
    offered = next(line for line in done.stdout.splitlines() if line.startswith("Keep it: "))
    project.run("bash", "-c", offered.removeprefix("Keep it: "))
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert project.run("git", "ls-files", "data/01_raw/mine").stdout == ""


@pytest.mark.slow
def test_the_same_again_is_the_same_version_and_another_needs_replace(versioned, plain, tmp_path):
    project = Project(shutil.copytree(versioned.folder, tmp_path / "project"))
    before, first = state(project), version(project.folder, "mine")
    assert add_dataset(project.folder, plain, "mine").version == first
    assert state(project) == before
    (plain / "ant/0.png").unlink()
    with pytest.raises(WhichgenError, match="there already, with other images; --replace"):
        add_dataset(project.folder, plain, "mine")
    assert state(project) == before
    second = add_dataset(project.folder, plain, "mine", replace=True)
    assert (second.version.files, second.configured) == (19, False)
    project.path("data/01_raw/mine.dvc").write_bytes(before["data/01_raw/mine.dvc"])
    project.run("dvc", "checkout", "data/01_raw/mine.dvc")
    assert state(project) == before


def test_nothing_is_imported_half(project, plain):
    (plain / "bee/text.png").write_text("no")
    (plain / "cat/link.png").symlink_to(plain / "cat/2.png")
    before = state(project)
    done = project.run("whichgen", "data", "add", str(plain), "--name", "mine", ok=False)
    assert done.returncode == 1
    assert "bee/text.png is not a PNG" in done.stderr
    assert "cat/link.png is a link" in done.stderr
    assert "nothing was imported, for what can't be used (2, see above)" in done.stderr
    assert "Traceback" not in done.stderr
    assert state(project) == before


def test_images_that_dvc_has_not_are_never_replaced(project, plain, images):
    own = project.path("data/01_raw/mine")
    own.mkdir()
    (own / "only.png").write_bytes(png(images[0]))
    with pytest.raises(WhichgenError, match="no version of DVC's and would be lost"):
        add_dataset(project.folder, plain, "mine", replace=True)
    assert [path.name for path in own.iterdir()] == ["only.png"]


@pytest.mark.slow
def test_where_versioning_fails_the_former_images_are_back(versioned, plain, tmp_path, monkeypatch):
    project = Project(shutil.copytree(versioned.folder, tmp_path / "project"))
    before = state(project)
    (plain / "ant/0.png").unlink()

    def full(*_):
        raise WhichgenError("the disk is full")

    monkeypatch.setattr(adding, "add_version", full)
    with pytest.raises(WhichgenError, match="disk is full"):
        add_dataset(project.folder, plain, "mine", replace=True)
    assert state(project) == before
    with pytest.raises(WhichgenError, match="disk is full"):
        add_dataset(project.folder, plain, "other")
    assert state(project) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from whichgen.datasets import adding

def kill_after(name):
    given = getattr(adding, name)
    def wrapped(*arguments, **options):
        result = given(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(adding, name, wrapped)

kill_after(sys.argv[1])
adding.add_dataset(Path.cwd(), Path(sys.argv[2]), "mine", replace=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "there"),
    [("stage", 20), ("_check_replaceable", 20), ("_place", 19), ("add_version", 19)],
)
def test_killed_at_any_step_the_same_command_goes_through(versioned, plain, tmp_path, step, there):
    project = Project(shutil.copytree(versioned.folder, tmp_path / "project"))
    (plain / "ant/0.png").unlink()
    process = project.start(sys.executable, "-c", KILLED, step, str(plain))
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    assert count(project) == there  # all of the former or all of the new, never a part
    added = add_dataset(project.folder, plain, "mine", replace=True)
    assert added.version.files == count(project) == 19
    assert is_versioned(project.folder, "mine")
    hidden = [path.name for path in project.path("data/01_raw").glob(".*")]
    assert sorted(hidden) == [".gitkeep", ".mine.lock"]


def test_one_import_at_a_time(project, plain):
    with (
        adding._alone(project.folder, "mine"),
        pytest.raises(WhichgenError, match="another process imports it"),
    ):
        add_dataset(project.folder, plain, "mine")


@pytest.mark.parametrize(("resolution", "labelled"), [(8, True), (12, False), (32, False)])
def test_the_settings_written_are_valid(tmp_path, resolution, labelled):
    write_configuration(tmp_path, "mine", resolution, labelled=labelled)
    dataset = configured(tmp_path, "mine")
    assert dataset.source.arguments() == {"resolution": resolution}
    assert ("clusters" in (tmp_path / SETTINGS).read_text()) is not labelled
    assert dataset.licence is None


def test_a_licence_is_kept_and_another_one_refused_before_anything_is_read(tmp_path):
    told = "CC BY 4.0: null # \"ants\" & 'bees', ä"
    write_configuration(tmp_path, "mine", 8, labelled=True, licence=told)
    assert configured(tmp_path, "mine", told).licence == told
    with pytest.raises(WhichgenError, match=r"--licence: conf/base/.*mine\.yml is there already"):
        add_dataset(tmp_path, tmp_path / "gone", "mine", licence="MIT")


@pytest.mark.parametrize("name", ["", "1st", "a b", "../x", "true", "null", "x" * 64, "a/b"])
def test_a_name_that_would_not_do_is_refused(tmp_path, name):
    with pytest.raises(WhichgenError, match="--name"):
        add_dataset(tmp_path, tmp_path, name)


def test_other_mistakes_are_one_line(project, plain, tmp_path):
    for path, name, said in (
        (plain, "digits", "comes from 'digits', not from imported images"),
        (tmp_path / "gone", "mine", "no such file or folder"),
        (project.path("README.md"), "mine", "neither a folder nor a file that ends in .zip"),
        (project.path("data/01_raw/digits"), "mine", "can't be used"),
    ):
        with pytest.raises(WhichgenError, match=said):
            add_dataset(project.folder, path, name)
    project.path("data/01_raw/mine").mkdir()
    with pytest.raises(WhichgenError, match="lies there already; version it by dvc add"):
        add_dataset(project.folder, project.path("data/01_raw/mine"), "mine")


def test_an_empty_archive_holds_no_images(project, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w"):
        pass
    with pytest.raises(UnusableFilesError) as caught:
        add_dataset(project.folder, tmp_path / "a.zip", "mine")
    assert [item.reason for item in caught.value.refused] == ["holds no images"]
