"""What is secret or trusted stays out of Git and out of others' reach."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "conf/local/mlflow.yml", "conf/local/notifications.yml", "conf/local/credentials.yml",
        ".env", "deploy/.env", ".dvc/config.local", ".dvc/site-cache/repo", "mlflow.db",
    ],
)  # fmt: skip
def test_git_ignores_where_secrets_are_kept(name):
    asked = subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False)
    assert asked.returncode == 0


@pytest.mark.slow
def test_dvc_keeps_what_it_unpickles_in_a_private_folder(fresh_project):
    fresh_project.run("git", "init", "--quiet")
    fresh_project.path(".dvc/site-cache").mkdir(mode=0o777)
    make = ["make", "site-cache", f"VENV={sys.prefix}"]
    fresh_project.run(*make)
    fresh_project.path("docs").mkdir(exist_ok=True)
    said = fresh_project.run("dvc", "--cd", "docs", "doctor").stdout  # from any folder of it
    cache = fresh_project.path(".dvc/site-cache")
    assert f"Repo.site_cache_dir: {cache.resolve()}/repo/" in said
    assert list(cache.iterdir()) == [cache / "repo"]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert cache.stat().st_uid == os.getuid()
