"""`whichgen data add`: imported, versioned and configured, or nothing at all."""

import os
import shutil
import signal
import time
import zipfile

import pytest
import yaml

from tests.conftest import Project, copy_project
from tests.datasets.forms import CLASSES, png, write_folder
from whichgen.datasets import adding
from whichgen.datasets.adding import UnusableFilesError, add_dataset
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


def test_a_folder_becomes_a_configured_and_versioned_dataset(project, plain, images):
    done = project.run("whichgen", "data", "add", str(plain), "--name", "mine")
    assert "       5  ant\n" in done.stdout
    pointer = yaml.safe_load(project.path("data/01_raw/mine.dvc").read_text())["outs"][0]
    assert pointer["nfiles"] == 20
    assert f"Version: {pointer['md5']}" in done.stdout
    dataset = Dataset.model_validate(
        yaml.safe_load(project.path(SETTINGS).read_text())["datasets"]["mine"]
    )
    assert dataset.source.arguments() == {"resolution": 8}
    loaded = load_source("image_folder", project.path("data/01_raw/mine"), {"resolution": 8})
    assert loaded.type_names == CLASSES
    assert {image.tobytes() for image in loaded.images} == {image.tobytes() for image in images}
    offered = next(line for line in done.stdout.splitlines() if line.startswith("Keep it: "))
    project.run("bash", "-c", offered.removeprefix("Keep it: "))
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert project.run("git", "ls-files", "data/01_raw/mine").stdout == ""


def test_the_same_again_is_the_same_version_and_another_needs_replace(project, plain, tmp_path):
    first = add_dataset(project.folder, plain, "mine")
    before = state(project)
    assert add_dataset(project.folder, plain, "mine").version == first.version
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
    assert "2 things can't be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert state(project) == before


def test_images_that_dvc_has_not_are_never_replaced(project, plain, images):
    own = project.path("data/01_raw/mine")
    own.mkdir()
    (own / "only.png").write_bytes(png(images[0]))
    with pytest.raises(WhichgenError, match="no version of DVC's and would be lost"):
        add_dataset(project.folder, plain, "mine", replace=True)
    assert [path.name for path in own.iterdir()] == ["only.png"]


def test_where_versioning_fails_the_former_images_are_back(project, plain, monkeypatch):
    add_dataset(project.folder, plain, "mine")
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


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.35, 0.8, 1.3, 1.8, 2.3])
def test_killed_at_any_time_the_same_command_goes_through(project, plain, seconds):
    add_dataset(project.folder, plain, "mine")
    (plain / "ant/0.png").unlink()
    command = ("whichgen", "data", "add", str(plain), "--name", "mine", "--replace")
    process = project.start(*command)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    there = [path for path in project.path("data/01_raw/mine").rglob("*") if path.is_file()]
    assert len(there) in (19, 20)
    project.run(*command)
    there = [path for path in project.path("data/01_raw/mine").rglob("*") if path.is_file()]
    assert len(there) == 19
    assert project.run("dvc", "status", "--json", "data/01_raw/mine.dvc").stdout.strip() == "{}"
    hidden = [path.name for path in project.path("data/01_raw").glob(".*")]
    assert sorted(hidden) == [".gitkeep", ".mine.lock"]


def test_one_import_at_a_time(project, plain):
    with (
        adding._alone(project.folder, "mine"),
        pytest.raises(WhichgenError, match="another process imports it"),
    ):
        add_dataset(project.folder, plain, "mine")


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
