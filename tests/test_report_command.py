"""whichgen report open: prints the page and hands it to the browser."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that writes down which address it was given."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    script.chmod(0o755)
    return script


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> None:
    """The folder is a project's, with a dataset of an awkward name."""
    shutil.copytree("conf", tmp_path / "conf")
    awkward = tmp_path / "conf/base/parameters/datasets/awkward.yml"
    awkward.write_text("datasets: {my digits: {}}\n")


def run(folder: Path, *options: str, browser: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from whichgen.cli import cli; cli()", "report", "open", *options],
        cwd=folder,
        env=os.environ | {"BROWSER": browser},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_and_opens_the_page(tmp_path, browser):
    page = tmp_path / "data/08_reporting/my digits/comparison/report.html"
    page.parent.mkdir(parents=True)
    page.write_text("<h1>Report</h1>")
    done = run(tmp_path, "--dataset", "my digits", browser=f"{browser} %s")
    assert (done.returncode, done.stdout.strip()) == (0, str(page))
    assert (tmp_path / "opened").read_text().strip() == page.as_uri()
    without = run(tmp_path, "--dataset", "my digits", browser="/nowhere/browser %s")
    assert (without.returncode, without.stdout.strip()) == (0, str(page))
    assert "open the file in one" in without.stderr


def test_where_there_is_none_it_says_how_to_make_one(tmp_path, browser):
    done = run(tmp_path, "--dataset", "digits", browser=f"{browser} %s")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "no report yet; run kedro run --params dataset=digits, or dvc repro" in done.stderr
    assert not (tmp_path / "opened").exists()
