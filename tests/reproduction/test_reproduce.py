"""A comparison made once more by DVC: the same bytes, and what is named when they are not."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import Project, copy_project
from whichgen.reproduction.plan import make_plan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
DATASET = "conf/base/parameters/datasets/digits.yml"
GAN = "conf/base/parameters/recipes/gan/gan.yml"
INDEX = "data/03_primary/digits/index.csv"
WEIGHTS = "data/06_models/digits/gan/0/generator.safetensors"
SCORES = "data/08_reporting/digits/cells/gan/0/scores.json"
VERDICT = "data/08_reporting/digits/comparison/verdict.json"
REPRODUCTION = "data/08_reporting/digits/reproduction"
DEADLINE_SECONDS = 300


def edit(project: Project, name: str, pattern: str, replacement: str) -> None:
    text = project.path(name).read_text()
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    project.path(name).write_text(changed)


def commit(project: Project) -> None:
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "change")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository with the comparison of one seed at a tiny budget, published to MLflow.

    It is made by `kedro run`, one process for all, and recorded by `dvc commit`.
    """
    project = Project(copy_project(tmp_path_factory.mktemp("reproduced")))
    edit(project, DATASET, r"budget: .*", "budget: 2.0e+10")
    for network in ("extractor", "autoencoder"):
        edit(project, DATASET, rf"({network}: .*images_seen:) \d+", r"\1 3000")
    edit(project, "conf/base/parameters_sweep.yml", r"seeds: .*", "seeds: [0]")
    project.run("git", "init", "-q")
    project.run("git", "config", "user.email", "test@example.org")
    project.run("git", "config", "user.name", "test")
    commit(project)
    project.run("kedro", "run")
    project.run("dvc", "commit", "--force")
    commit(project)
    project.run("whichgen", "sync", WHICHGEN_TRACKING="required")
    return project


def comparison_run(project: Path) -> str:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("whichgen")
    (run,) = client.search_runs([experiment.experiment_id], "tags.`whichgen.comparison` = 'digits'")
    return run.info.run_id


def wait_for(what: str, true) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def processes_in(folder: Path) -> list[int]:
    """Those whose working folder it is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == folder:
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def worktrees(project: Project) -> list[str]:
    listed = project.run("git", "worktree", "list", "--porcelain").stdout
    assert "prunable" not in listed
    return re.findall(r"^worktree (.*)$", listed, re.MULTILINE)


def test_a_run_in_mlflow_is_reproduced_to_the_byte_though_it_was_killed(compared: Project) -> None:
    run_id = comparison_run(compared.folder)
    plan = make_plan(compared.folder, run_id, None)
    log = compared.path(f"{REPRODUCTION}/{plan.revision[:12]}.log")
    folder = compared.path(f".dvc/tmp/reproduce/digits-{plan.revision[:12]}")
    killed = compared.start("whichgen", "reproduce", run_id)
    wait_for("the second stage", lambda: log.exists() and "'extractor@digits'" in log.read_text())
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    wait_for("DVC and the training to end with it", lambda: not processes_in(folder))
    assert worktrees(compared) == [str(compared.folder), str(folder)]

    done = compared.run("whichgen", "reproduce", run_id)
    assert "goes on in" in done.stdout
    assert log.read_text().count("Running stage 'data@digits'") == 1
    assert worktrees(compared) == [str(compared.folder)]
    assert not folder.exists()
    record = json.loads(compared.path(f"{REPRODUCTION}/{plan.revision[:12]}.json").read_text())
    assert record["agrees"]
    verdicts = {output["path"]: output["verdict"] for output in record["outputs"]}
    assert {path for path, verdict in verdicts.items() if verdict == "differs"} == set()
    assert {verdicts[path] for path in (INDEX, WEIGHTS, SCORES, VERDICT)} == {"same"}
    assert verdicts["data/06_models/digits/gan/0/measured.json"] == "times"


def test_an_altered_hash_and_an_altered_parameter_are_named(compared: Project) -> None:
    edit(compared, "dvc.lock", rf"(path: {INDEX}\n\s+hash: md5\n\s+md5: )\w+", rf"\g<1>{'a' * 32}")
    edit(compared, GAN, r"  rate: .*", "  rate: 5.0e-4")
    commit(compared)
    done = compared.run("whichgen", "reproduce", "HEAD", "--recipe", "gan", "--seed", "0", ok=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{INDEX}: {'a' * 32} then, " in done.stdout
    assert re.search(
        rf"^input: {GAN}: recipes.gan.training.rate: [\d.]+ recorded, 0.0005 in that revision$",
        done.stdout,
        re.MULTILINE,
    )
    assert re.search(
        rf"^{SCORES}: scores.fd: [\d.]+ then, [\d.]+ now \(", done.stdout, re.MULTILINE
    )
    revision = compared.run("git", "rev-parse", "HEAD").stdout[:12]
    record = json.loads(compared.path(f"{REPRODUCTION}/{revision}.json").read_text())
    differ = {o["path"] for o in record["outputs"] if o["verdict"] == "differs"}
    assert differ >= {INDEX, WEIGHTS, SCORES}
    assert all("/gan/0/" in path for path in differ - {INDEX})
    assert worktrees(compared) == [str(compared.folder)]
