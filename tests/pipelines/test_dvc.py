"""The grid by DVC: from raw data to the comparison, and then only what changed."""

import json
import re
import shutil

import pytest

from tests.conftest import BIN, Project, copy_project

pytestmark = pytest.mark.slow

DATASET = "conf/base/parameters/datasets/digits.yml"
STAMP = ".whichgen-installed"
GAN = "conf/base/parameters/recipes/gan/gan.yml"
REPORT = "data/08_reporting/digits/comparison/report.html"
WEIGHTS = "data/06_models/digits/dgn/1/generator.safetensors"


def edit(project, name, pattern, replacement):
    text = project.path(name).read_text()
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    project.path(name).write_text(changed)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A repository after `make compare` of two seeds at a tiny budget."""
    project = Project(copy_project(tmp_path_factory.mktemp("dvc")))
    edit(project, DATASET, r"budget: .*", "budget: 2.0e+10")
    edit(project, DATASET, r"images_seen: \d+", "images_seen: 3000")
    edit(project, "conf/base/parameters_sweep.yml", r"seeds: .*", "seeds: [0, 1]")
    for command in (
        ("init", "-q"),
        ("config", "user.email", "test@example.org"),
        ("config", "user.name", "test"),
        ("add", "-A"),
        ("commit", "-qm", "start"),
    ):
        project.run("git", *command)
    # The environment is there already: its stamp is not to be made anew.
    project.run("make", "compare", f"VENV={BIN.parent}", f"--old-file={BIN.parent / STAMP}")
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "compared")
    return project


def changed_stages(project):
    return set(json.loads(project.run("dvc", "status", "--json").stdout))


def test_the_whole_grid_is_compared(compared):
    verdict = json.loads(
        compared.path("data/08_reporting/digits/comparison/verdict.json").read_text()
    )
    assert set(verdict["pairs"]) == {"gan vs dgn"}
    axes = verdict["pairs"]["gan vs dgn"]["axes"]
    assert {axis["decision"] for axis in axes.values()} == {"inconclusive"}  # two seeds only
    assert compared.path(REPORT).is_file()
    assert list(compared.path("data/08_reporting/digits/comparison/figures").glob("*.png"))


def test_no_data_goes_into_git(compared):
    tracked = compared.run("git", "ls-files", "data").stdout.split()
    assert [name for name in tracked if not name.endswith((".gitkeep", ".gitignore", ".dvc"))] == []


def test_with_nothing_changed_nothing_runs(compared):
    before = compared.path(REPORT).stat().st_mtime_ns
    done = compared.run("dvc", "repro")
    assert "Running stage" not in done.stdout
    assert "up to date" in done.stdout
    assert compared.path(REPORT).stat().st_mtime_ns == before


def test_a_recipes_parameter_stales_its_own_cells_only(compared):
    original = compared.path(GAN).read_text()
    edit(compared, GAN, r"  rate: .*", "  rate: 5.0e-4")
    try:
        assert changed_stages(compared) == {"gan@digits-gan-0", "gan@digits-gan-1"}
        assert "rate" in compared.run("dvc", "params", "diff").stdout
    finally:
        compared.path(GAN).write_text(original)
    assert changed_stages(compared) == set()


def test_metrics_and_plots_show(compared):
    metrics = json.loads(compared.run("dvc", "metrics", "show", "--json").stdout)
    files = metrics[""]["data"]
    assert set(files) == {"data/08_reporting/digits/comparison/medians.json"}  # a row that fits
    medians = files["data/08_reporting/digits/comparison/medians.json"]["data"]
    scores = [
        json.loads(
            compared.path(f"data/08_reporting/digits/cells/dgn/{seed}/scores.json").read_text()
        )
        for seed in (0, 1)
    ]
    assert medians["fd"]["dgn"] == pytest.approx(sum(s["scores"]["fd"] for s in scores) / 2)
    assert set(medians["coverage"]) == {"gan", "dgn"}
    done = compared.run("dvc", "plots", "show", "--json")
    assert "validation_fd" in done.stdout
    assert "failed to load" not in done.stderr


def test_what_is_pushed_can_be_pulled(compared, tmp_path):
    content = compared.path(WEIGHTS).read_bytes()
    compared.run("dvc", "remote", "add", "-f", "-d", "store", str(tmp_path / "store"))
    compared.run("dvc", "push")
    shutil.rmtree(compared.path("data/06_models"))
    shutil.rmtree(compared.path(".dvc/cache"))
    compared.run("dvc", "pull")
    assert compared.path(WEIGHTS).read_bytes() == content
    assert changed_stages(compared) == set()


def test_an_experiment_changes_a_parameter_and_runs_what_hangs_on_it(compared):
    rest = compared.path(WEIGHTS).stat().st_mtime_ns
    done = compared.run("dvc", "exp", "run", "-S", f"{GAN}:recipes.gan.training.rate=0.0005")
    ran = set(re.findall(r"Running stage '([^']+)'", done.stdout))
    cells = {f"{stage}@digits-gan-{seed}" for stage in ("gan", "evaluate-gan") for seed in (0, 1)}
    assert ran == cells | {"comparison@digits"}
    assert compared.path(WEIGHTS).stat().st_mtime_ns == rest
