"""The team's server without containers: who gets in, who does not, and what survives."""

import os
import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN, Project, find_program
from tests.deploy.team_server import API, HOST, PATIENT, SCRIPT, TeamServer
from tests.tracking.cell_writer import CellWriter

GOOD = {
    "MLFLOW_AUTH_ADMIN_PASSWORD": "3f9c1b7e5a20d486",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "3f9c1b7e5a20d4863f9c1b7e5a20d486",
    "MLFLOW_PUBLIC_HOST": HOST,
}
# What MLflow shows without a password: that it runs, its page's files, which features it has.
PUBLIC = re.compile(r"/health|/static-files/.*|/(ajax-)?api/3\.0/mlflow/server-info")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MLFLOW_AUTH_ADMIN_PASSWORD", None, "is not set; there is no default"),
        ("MLFLOW_AUTH_ADMIN_PASSWORD", "", "is not set; there is no default"),
        ("MLFLOW_AUTH_ADMIN_PASSWORD", "3f9c1b7e5a2", "has fewer than 12 characters"),
        ("MLFLOW_AUTH_ADMIN_PASSWORD", "Password1234", "holds a word that is guessed first"),
        ("MLFLOW_AUTH_ADMIN_PASSWORD", "adminadminadmin", "holds a word that is guessed first"),
        ("MLFLOW_FLASK_SERVER_SECRET_KEY", None, "is not set; there is no default"),
        ("MLFLOW_FLASK_SERVER_SECRET_KEY", "3f9c1b7e5a20d486", "has fewer than 32 characters"),
        ("MLFLOW_PUBLIC_HOST", None, "is not set; for example mlflow.example.org"),
    ],
)
def test_it_does_not_start_without_secrets_of_ones_own(tmp_path, name, value, reason):
    find_program("pg_ctlcluster")
    given = {key: value for key, value in (GOOD | {name: value}).items() if value is not None}
    done = subprocess.run(
        [str(SCRIPT), str(tmp_path / "team")],
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"start_mlflow.sh: {name} {reason}")
    assert len(done.stderr.splitlines()) == 1
    assert value is None or len(value) < 2 or value not in done.stderr
    assert not (tmp_path / "team/postgresql").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")
def test_nobody_gets_anything_without_a_password(server: TeamServer):
    from mlflow.server.auth import routes
    from mlflow.server.handlers import get_endpoints

    paths = [(path, methods[0]) for path, _, methods in get_endpoints()]
    paths += [(path, "POST") for path in vars(routes).values() if str(path).startswith("/")]
    asked = {(method, re.sub(r"<[^>]*>", "0", path)) for path, method in paths}
    asked |= {("GET", path) for path in ("/", "/version", "/metrics", "/get-artifact", "/docs")}
    asked |= {
        ("POST", "/v1/traces"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/1/2/artifacts/x"),
    }
    answers = {(m, path): server.ask(m, path, json={}).status_code for m, path in sorted(asked)}
    assert len(answers) > 200
    closed = {key: code for key, code in answers.items() if not PUBLIC.fullmatch(key[1])}
    assert set(closed.values()) == {401}, {k: code for k, code in closed.items() if code != 401}
    name, password = server.admin
    assert server.ask("GET", f"{API}/users/get", (name, password[:-1])).status_code == 401
    assert server.ask("GET", "/", server.admin).status_code == 200


@pytest.mark.slow
def test_foreign_pages_are_refused_even_with_the_password(server: TeamServer):
    def create(name: str, **headers: str) -> int:
        path = f"{API}/experiments/create"
        return server.ask(
            "POST", path, server.admin, json={"name": name}, headers=headers
        ).status_code

    assert create("a", Host="evil.example") == 403
    assert create("b", Origin="https://evil.example") == 403
    assert create("c", Origin=f"http://{HOST}") == 403  # not the page behind TLS
    assert create("d", Host=HOST, Origin=f"https://{HOST}") == 200
    shown = server.ask("GET", "/", server.admin)
    assert shown.headers["X-Frame-Options"] == "DENY"
    found = server.ask(
        "POST", f"{API}/experiments/search", server.admin, json={"max_results": 1000}
    ).json()["experiments"]
    assert {"a", "b", "c", "d"} & {e["name"] for e in found} == {"d"}


@pytest.mark.slow
def test_a_new_user_sees_nothing_of_anothers_until_allowed(server: TeamServer):
    bea = ("bea", "3f9c1b7e5a20d486")
    body = {"username": bea[0], "password": bea[1]}
    assert server.ask("POST", f"{API}/users/create", json=body).status_code == 401
    assert server.ask("POST", f"{API}/users/create", server.admin, json=body).status_code == 200
    made = server.ask("POST", f"{API}/experiments/create", server.admin, json={"name": "mine"})
    number = made.json()["experiment_id"]
    file = f"/api/2.0/mlflow-artifacts/artifacts/{number}/run/artifacts/note.txt"
    assert server.ask("PUT", file, server.admin, data=b"to see").status_code == 200

    def read(what: str, **options: str) -> int:
        return server.ask("GET", what, bea, **options).status_code

    def write() -> int:
        run = {"experiment_id": number}
        return server.ask("POST", f"{API}/runs/create", bea, json=run).status_code

    experiment = f"{API}/experiments/get?experiment_id={number}"
    assert (read(experiment), read(file), write()) == (403, 403, 403)
    body = {"username": bea[0], "resource_type": "experiment", "resource_id": number}
    body["permission"] = "READ"
    path = "/api/3.0/mlflow/users/permissions/grant"
    assert server.ask("POST", path, bea, json=body).status_code == 403
    assert server.ask("POST", path, server.admin, json=body).status_code == 200
    assert (read(experiment), read(file), write()) == (200, 200, 403)


@pytest.mark.slow
def test_a_published_cell_has_its_figures_and_files(server: TeamServer, tmp_path: Path):
    settings = tmp_path / "conf/base/mlflow.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"mode: required\ntracking_uri: {server.url}\nexperiment: published\n")
    cell = CellWriter(tmp_path)
    cell.start()
    cell.rows(1, 2)
    cell.status("finished")
    cell.outputs()
    cell.scores()
    name, password = server.admin
    done = Project(tmp_path).run(
        "whichgen", "sync",
        WHICHGEN_TRACKING="required",
        **PATIENT,
        MLFLOW_TRACKING_USERNAME=name,
        MLFLOW_TRACKING_PASSWORD=password,
    )  # fmt: skip
    assert done.stdout == "digits/gan/0\n"

    found = server.ask(
        "GET", f"{API}/experiments/get-by-name?experiment_name=published", server.admin
    ).json()["experiment"]
    assert found["artifact_location"].startswith("mlflow-artifacts:/")
    body = {"experiment_ids": [found["experiment_id"]]}
    (run,) = server.ask("POST", f"{API}/runs/search", server.admin, json=body).json()["runs"]
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert (metrics["score/fd"], metrics["by_step/generator_loss"]) == (1.5, 1.0)
    grids = sorted((server.folder / "artifacts" / found["experiment_id"]).rglob("*.png"))
    assert grids
    inside = grids[0].relative_to(server.folder / "artifacts").as_posix()
    path = f"/api/2.0/mlflow-artifacts/artifacts/{inside}"
    assert server.ask("GET", path, server.admin).content == grids[0].read_bytes()
    assert server.ask("GET", path).status_code == 401


@pytest.mark.slow
def test_what_it_keeps_is_private_and_survives_a_kill(server: TeamServer):
    for name in ("artifacts", "postgresql"):
        assert stat.S_IMODE((server.folder / name).stat().st_mode) == 0o700
    second = subprocess.run(
        [str(SCRIPT), str(server.folder)],
        env=server.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (second.returncode, len(second.stderr.splitlines())) == (75, 1)
    body = {"name": "kept"}
    made = server.ask("POST", f"{API}/experiments/create", server.admin, json=body).json()
    server.stop(signal.SIGKILL)
    server.start()
    path = f"{API}/experiments/get?experiment_id={made['experiment_id']}"
    assert server.ask("GET", path, server.admin).json()["experiment"]["name"] == "kept"
