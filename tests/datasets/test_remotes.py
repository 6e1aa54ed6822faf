"""A dataset and all that was made of it, pushed from one clone and pulled in another."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.conftest import Project, copy_project

pytestmark = pytest.mark.slow

SETTINGS = "conf/base/parameters/datasets/mine.yml"
SWEEP = "conf/base/parameters_sweep.yml"
KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "canary-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def edit(project, name, *changes):
    text = project.path(name).read_text()
    for pattern, replacement in changes:
        text, n = re.subn(pattern, replacement, text)
        assert n
    project.path(name).write_text(text)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A repository with a dataset of its own, one cell of each family compared on it."""
    folder = tmp_path_factory.mktemp("compared")
    project, digits = Project(copy_project(folder / "project")), load_digits()
    pixels = (digits.images * (255 / 16)).round().astype(np.uint8)
    np.savez(folder / "digits.npz", images=pixels[:600], labels=digits.target[:600])
    project.run("git", "init", "-q")
    project.run("git", "config", "user.email", "test@example.org")
    project.run("git", "config", "user.name", "test")
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "start")
    project.run("whichgen", "data", "add", str(folder / "digits.npz"), "--name", "mine")
    edit(project, SETTINGS, (r"budget: \S+", "budget: 1.0e+10"))
    edit(project, SETTINGS, (r"images_seen: \d+", "images_seen: 2000"))
    edit(project, SWEEP, (r"datasets: .*", "datasets: [mine]"), (r"seeds: .*", "seeds: [0]"))
    project.run("dvc", "repro", "--quiet")
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "compared")
    return project


@pytest.fixture(scope="module")
def s3():
    """The address of an S3-compatible server with one bucket, on the loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(url)
            client = boto3.client(
                "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key",
                aws_secret_access_key="canary-secret",
            )  # fmt: skip
            client.create_bucket(Bucket="whichgen")
            yield url
        finally:
            server.terminate()


def _wait_for(url):
    for _ in range(600):
        try:
            urlopen(url).close()
            return
        except URLError:
            time.sleep(0.1)
    raise TimeoutError(url)


def contents(project):
    """Every file of the dataset."""
    folder = project.path("data/01_raw/mine")
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.png")}


def make_local(project, tmp_path):
    project.run("dvc", "remote", "add", "-f", "-d", "store", str(tmp_path / "store"))
    return {}


def make_s3(project, url):
    project.run("dvc", "remote", "add", "-f", "-d", "store", "s3://whichgen/mine")
    project.run("dvc", "remote", "modify", "store", "endpointurl", url)
    return KEYS


@pytest.mark.parametrize("remote", ["local", "s3"])
def test_a_fresh_clone_pulls_all_and_has_nothing_to_run(compared, remote, tmp_path, request):
    keys = make_local(compared, tmp_path) if remote == "local" else make_s3(
        compared, request.getfixturevalue("s3")
    )  # fmt: skip
    compared.run("dvc", "remote", "modify", "store", "verify", "true")
    compared.run("git", "commit", "-qam", f"share by {remote}")
    compared.run("dvc", "push", **keys)
    compared.run("git", "clone", "-q", str(compared.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")
    assert not clone.path("data/01_raw/mine").exists()
    clone.run("dvc", "pull", **keys)
    assert contents(clone) == contents(compared)
    assert len(contents(clone)) == 600
    done = clone.run("dvc", "repro", **keys)
    stages = clone.run("dvc", "stage", "list", "--name-only").stdout.split()
    unchanged = set(re.findall(r"'([^']+)' didn't change", done.stdout))
    assert unchanged == {*stages, "data/01_raw/mine.dvc"}
    assert len(stages) == 7  # data, extractor, two trainings, two evaluations, comparison
    assert "Running stage" not in done.stdout
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert "canary-secret" not in "".join(
        path.read_text(errors="replace")
        for path in (*clone.path(".dvc").glob("config*"), *clone.path("conf").rglob("*.yml"))
    )


def test_a_new_version_of_the_data_is_noticed_and_listed(compared, tmp_path):
    project = Project(shutil.copytree(compared.folder, tmp_path / "project", symlinks=True))
    state = project.run("whichgen", "data", "list").stdout
    assert re.search(r"mine +image_folder +600 +10 .* packed\n", state)
    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype(np.uint8)
    pixels[600:700] = 255 - pixels[600:700]
    np.savez(tmp_path / "more.npz", images=pixels[:700], labels=digits.target[:700])
    more = str(tmp_path / "more.npz")
    project.run("whichgen", "data", "add", more, "--name", "mine", "--replace")
    assert "changed since packing" in project.run("whichgen", "data", "list").stdout
    assert list(json.loads(project.run("dvc", "status", "--json").stdout)) == ["data@mine"]
    said = project.run("whichgen", "data", "diff", "mine").stdout
    assert "Added: 100 " in said
    assert "Removed: 0\n" in said
    distance, p = re.search(r"Drift: (\S+) in .* \(p = (\S+)\)", said).groups()
    assert float(distance) > 0.05
    assert float(p) == 0.001
    shown = project.run("whichgen", "data", "show", "mine", "--sheet", "sheet.png").stdout
    assert re.search(r"type +raw +test +train +validation\n", shown)
    assert "700 of 8×8 px" in shown
    assert project.path("sheet.png").read_bytes().startswith(b"\x89PNG")
