"""Secrets that are easily found again are in use, and then are nowhere but where they were put."""

import base64
import shutil
import sqlite3
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

import pytest

from tests.conftest import Project
from tests.deploy.team_server import PATIENT, TeamServer

pytestmark = pytest.mark.slow
# Made here, for this file is copied into the project too.
WRONG, CLOUD, HOOK = (f"canary@{token_hex(8)}" for _ in range(3))
TINY = ["kedro", "run", "--pipelines=gan", "--params", "budget=2e10,seed=1"]


def address(server: TeamServer, password: str) -> str:
    """The server's, with user and password in it."""
    return server.url.replace("//", f"//admin:{quote(password, safe='')}@")


def track_by(project: Project, uri: str) -> None:
    local = project.path("conf/local")
    (local / "mlflow.yml").write_text(f"tracking_uri: {uri}\nexperiment: canaries\n")
    hook = f"http://127.0.0.1:9/services/{HOOK}"
    (local / "notifications.yml").write_text(f"webhook: {hook}\n")


def spellings(secret: str) -> set[bytes]:
    """As it is, in an address, and in the header that carries it."""
    header = base64.b64encode(f"admin:{secret}".encode())
    return {secret.encode(), quote(secret, safe="").encode(), header}


def holders(folder: Path, needles: set[bytes]) -> set[str]:
    """The files below that hold one of the needles."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and any(n in path.read_bytes() for n in needles)
    }


def test_no_secret_is_logged_published_or_kept(
    server: TeamServer, trained_project: Project, tmp_path: Path
) -> None:
    project = Project(shutil.copytree(trained_project.folder, tmp_path / "project"))
    extra = {
        "AWS_SECRET_ACCESS_KEY": CLOUD,
        "MLFLOW_TRACKING_USERNAME": "another",  # less near than the address
        "MLFLOW_TRACKING_PASSWORD": CLOUD,
        "WHICHGEN_TRACKING": "required",
        **PATIENT,
    }
    said = []
    track_by(project, address(server, server.admin[1]))
    said.append(project.run(*TINY, **extra))
    said.append(project.run("whichgen", "sync", **extra))
    assert "digits/gan/1" in said[-1].stdout

    track_by(project, address(server, WRONG))
    refused = project.run("whichgen", "sync", ok=False, **extra)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert f"MLflow at {server.url} took nothing" in refused.stderr
    failed = project.run(*TINY[:-1], "budget=2e10,seed=2", ok=False, **extra)
    assert failed.returncode == 1
    log = project.path("data/06_models/digits/gan/2/tracking.log").read_text()
    assert "not published" in log
    said += [refused, failed]

    track_by(project, "null")  # MLflow's files in the project
    extra |= {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": WRONG}
    said.append(project.run("whichgen", "sync", **extra))
    with sqlite3.connect(project.path("mlflow.db")) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone()[0] >= 4

    needles = {s for secret in (server.admin[1], WRONG, CLOUD, HOOK) for s in spellings(secret)}
    assert holders(project.folder, needles) == {"conf/local/notifications.yml"}  # put there
    assert holders(server.folder, needles) == set()
    dump = server.dump().decode()
    assert "score/fd" in dump  # it is what was published
    texts = [done.stdout + done.stderr for done in said] + [dump]
    assert [text for text in texts if any(n.decode() in text for n in needles)] == []
