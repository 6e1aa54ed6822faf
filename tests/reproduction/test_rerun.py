"""The worktree and the data that it is given."""

import subprocess
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from tests.reproduction.test_plan import commit, run
from whichgen.errors import WhichgenError
from whichgen.reproduction import git
from whichgen.reproduction.plan import Plan, make_plan
from whichgen.reproduction.rerun import MARK, default_folder, prepare

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")

PHOTOS = "data/01_raw/photos"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Of a repository whose raw data is versioned, and by now another in the workspace."""
    run(tmp_path, "init", "--quiet")
    with Repo.init(str(tmp_path)) as repo:
        (tmp_path / PHOTOS).mkdir(parents=True)
        (tmp_path / PHOTOS / "1.png").write_bytes(b"then")
        repo.add(str(tmp_path / PHOTOS))
    stages = {"data@photos": {"cmd": "kedro run --params dataset=photos"}}
    commit(tmp_path, "dvc.lock", yaml.safe_dump({"stages": stages}))
    run(tmp_path, "add", "--all")
    run(tmp_path, "commit", "--quiet", "--message", "data")
    (tmp_path / PHOTOS / "1.png").unlink()
    (tmp_path / PHOTOS / "1.png").write_bytes(b"now")
    return make_plan(tmp_path, "HEAD", None)


@pytest.mark.slow
def test_raw_data_is_that_of_the_revision(tmp_path: Path, plan: Plan) -> None:
    folder = default_folder(tmp_path, plan)
    before = sorted(tmp_path.glob(".dvc/cache/files/md5/*/*"))
    assert not prepare(tmp_path, plan, folder)
    assert (folder / PHOTOS / "1.png").read_bytes() == b"then"
    assert not (folder / "dvc.lock").exists()
    assert prepare(tmp_path, plan, folder)  # as after a kill
    (folder / MARK).write_text("done")
    assert not prepare(tmp_path, plan, folder)
    assert sorted(tmp_path.glob(".dvc/cache/files/md5/*/*")) == before
    assert (tmp_path / PHOTOS / "1.png").read_bytes() == b"now"


@pytest.mark.slow
def test_damaged_raw_data_is_not_used(tmp_path: Path, plan: Plan) -> None:
    for path in tmp_path.glob(".dvc/cache/files/md5/*/*"):
        if path.read_bytes() == b"then":
            path.chmod(0o644)
            path.write_bytes(b"thez")
    with pytest.raises(WhichgenError, match=r"photos.dvc: neither in the cache nor in the remote"):
        prepare(tmp_path, plan, default_folder(tmp_path, plan))


def test_raw_data_that_was_never_versioned_is_taken_as_it_is(tmp_path: Path, plan: Plan) -> None:
    run(tmp_path, "rm", "--quiet", f"{PHOTOS}.dvc")
    run(tmp_path, "commit", "--quiet", "--message", "unversioned")
    folder = tmp_path / "elsewhere"
    prepare(tmp_path, make_plan(tmp_path, "HEAD", None), folder)
    assert (folder / PHOTOS / "1.png").read_bytes() == b"now"


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path, plan: Plan) -> None:
    folder = tmp_path / "mine"
    git.add_worktree(tmp_path, folder, "HEAD")
    (folder / "work.txt").write_text("unsaved")
    with pytest.raises(WhichgenError, match="not empty"):
        prepare(tmp_path, plan, folder)
    assert (folder / "work.txt").read_text() == "unsaved"
    assert subprocess.run(["git", "status"], cwd=folder, check=False).returncode == 0
