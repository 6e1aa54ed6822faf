import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from whichgen.errors import WhichgenError
from whichgen.reproduction import git
from whichgen.reproduction.plan import make_plan
from whichgen.reproduction.rerun import default_folder

STAGES = {
    "data@digits": "dataset=digits",
    "extractor@digits": "dataset=digits",
    "gan@digits-gan-0": "dataset=digits,recipe=gan,seed=0",
    "gan@digits-gan-1": "dataset=digits,recipe=gan,seed=1",
    "evaluate-gan@digits-gan-1": "dataset=digits,recipe=gan,seed=1",
    "comparison@digits": "dataset=digits,seed=0",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A commit without a comparison, then one with it."""
    run(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path, "README.md", "nothing yet")
    stages = {name: {"cmd": f"kedro run --params {asked}"} for name, asked in STAGES.items()}
    commit(tmp_path, "dvc.lock", yaml.safe_dump({"stages": stages}, sort_keys=False))
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    return subprocess.run(
        ["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def commit(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    run(folder, "add", name)
    run(folder, "commit", "--quiet", "-m", name)


def test_a_whole_comparison_is_asked_for_by_its_last_stage(repository: Path) -> None:
    plan = make_plan(repository, "HEAD", None)
    assert plan.revision == run(repository, "rev-parse", "HEAD").strip()
    assert (plan.dataset, plan.targets) == ("digits", ["comparison@digits"])
    assert set(plan.stages) == set(STAGES)


def test_one_cell_brings_only_what_it_hangs_on(repository: Path) -> None:
    plan = make_plan(repository, "main", "digits", ["gan"], [1])
    assert plan.targets == ["gan@digits-gan-1", "evaluate-gan@digits-gan-1"]
    assert set(plan.stages) == {"data@digits", "extractor@digits", *plan.targets}


@pytest.mark.parametrize(
    ("comparison", "options", "said"),
    [
        ("no-such-branch", {}, "no-such-branch: neither a git revision nor the id of an MLflow"),
        ("HEAD~1", {}, "has no comparison"),
        ("HEAD", {"dataset": "cats"}, "--dataset cats: not there; dvc.lock of .* has digits"),
        ("HEAD", {"recipes": ["hinge"]}, "has gan seed 0, gan seed 1"),
    ],
)
def test_mistakes_are_explained(
    repository: Path, comparison: str, options: dict[str, str], said: str
) -> None:
    with pytest.raises(WhichgenError, match=said):
        make_plan(repository, comparison, **{"dataset": None} | options)


def test_where_several_were_compared_one_is_to_be_named(repository: Path) -> None:
    lock = yaml.safe_load((repository / "dvc.lock").read_text())
    lock["stages"]["data@cats"] = {"cmd": "kedro run --params dataset=cats"}
    commit(repository, "dvc.lock", yaml.safe_dump(lock))
    with pytest.raises(WhichgenError, match=r"^--dataset: name one; dvc.lock of .* cats, digits$"):
        make_plan(repository, "HEAD", None)


def test_a_worktree_whose_folder_is_gone_is_forgotten(repository: Path) -> None:
    folder = default_folder(repository, make_plan(repository, "HEAD", None))
    git.add_worktree(repository, folder, "HEAD")
    assert git.head(folder) == git.find_revision(repository, "HEAD")
    assert git.head(folder.parent) is None
    shutil.rmtree(folder)
    git.remove_worktree(repository, folder)
    assert run(repository, "worktree", "list").count("\n") == 1


def test_a_worktree_that_git_was_killed_in_is_removed(repository: Path) -> None:
    folder = repository / "worktree"
    git.add_worktree(repository, folder, "HEAD")
    run(repository, "worktree", "lock", str(folder), "--reason", "initializing")
    (folder / ".git").unlink()
    git.remove_worktree(repository, folder)
    assert not folder.exists()
    assert run(repository, "worktree", "list").count("\n") == 1
