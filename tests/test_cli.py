"""The whichgen command on trained cells."""

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


def test_help_and_recipes(trained_project):
    assert "sample" in trained_project.run("whichgen", "--help").stdout
    listed = trained_project.run("whichgen", "recipes").stdout.splitlines()
    assert {line.split()[0] for line in listed} == {"gan", "dgn"}


def test_results_are_the_verdict_and_a_table(trained_project):
    lines = trained_project.run("whichgen", "results").stdout.splitlines()
    assert lines[0].startswith("No answer yet for digits")
    assert lines[2] == "| metric | gan | dgn | floor |"
    assert {line.split(" | ")[0] for line in lines[4:]} >= {"| fd", "| coverage", "| steps"}
    done = trained_project.run("whichgen", "results", "--dataset", "fashion_mnist", ok=False)
    assert "no comparison yet" in done.stderr


def test_a_grid_of_one_type(trained_project, tmp_path):
    out = tmp_path / "grid.png"
    trained_project.run(
        "whichgen", "sample", "--recipe", "dgn", "--type", "3", "--n", "64", "--out", str(out)
    )
    with Image.open(out) as picture:
        assert picture.size == (8 * 9 * 7 - 7, 8 * 9 * 7 - 7)


def test_arrays_with_types_from_either_family(trained_project, tmp_path):
    for recipe in ("gan", "dgn"):
        out = tmp_path / f"{recipe}.npz"
        trained_project.run(
            "whichgen", "sample", "--recipe", recipe, "--n", "20", "--format", "npz",
            "--out", str(out),
        )  # fmt: skip
        with np.load(out) as arrays:
            assert arrays["images"].shape == (20, 1, 8, 8)
            assert arrays["images"].dtype == np.uint8
            assert arrays["types"].shape == (20,)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recipe", "dgn", "--seed", "9"], "not trained; trained on digits: dgn seed 0"),
        (["--recipe", "dgn", "--type", "11"], "--type: '11'"),
        (["--recipe", "gam"], "not trained"),
    ],
)
def test_mistakes_are_explained(trained_project, tmp_path, options, said):
    out = str(tmp_path / "x.png")
    done = trained_project.run("whichgen", "sample", *options, "--out", out, ok=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_ending_that_names_no_format_is_explained(trained_project, tmp_path):
    done = trained_project.run(
        "whichgen", "sample", "--recipe", "dgn", "--out", str(tmp_path / "x.gif"), ok=False
    )
    assert "--format" in done.stderr
