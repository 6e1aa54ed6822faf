"""The team's server in containers, as far as its files say it without Docker."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
SECRETS = {"MLFLOW_AUTH_ADMIN_PASSWORD", "MLFLOW_FLASK_SERVER_SECRET_KEY", "POSTGRES_PASSWORD"}


def test_it_follows_the_compose_specification():
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*checker, str(DEPLOY / "compose.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_it_refuses_to_start_without_every_secret_and_holds_none():
    named = re.findall(r"\$\{?(\w+)([^}\s]*)", TEXT)
    assert {name for name, _ in named} == SECRETS | {"MLFLOW_PUBLIC_HOST", "MLFLOW_TLS"}
    assert [name for name, rest in named if not rest.startswith(":?")] == []
    secret = re.compile("PASSWORD|SECRET|KEY")
    values = [v for s in SERVICES.values() for k, v in s["environment"].items() if secret.search(k)]
    assert len(values) == 4
    assert all(value.startswith("${") and value.endswith("}") for value in values)


def test_the_example_names_what_it_asks_for_and_gives_no_value():
    lines = [
        x for x in (DEPLOY / ".env.example").read_text().splitlines() if x[:1] not in ("#", "")
    ]
    assert {line.partition("=")[0] for line in lines} == set(re.findall(r"\$\{(\w+)", TEXT))
    assert all(line.endswith("=") for line in lines)


def test_only_the_proxy_can_be_reached():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert SERVICES["proxy"]["ports"] == ["80:80", "443:443"]
    assert SERVICES["mlflow"]["networks"] == SERVICES["database"]["networks"] == ["inside"]
    assert yaml.safe_load(TEXT)["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", ["proxy", "mlflow", "database"])
def test_each_part_is_watched_and_started_again(name):
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or re.fullmatch(r"\w+:\d+", service["image"])


def test_the_image_holds_what_the_start_needs_and_runs_as_no_root():
    lines = (DEPLOY / "Dockerfile").read_text()
    copied = re.search(r"^COPY (deploy/.*) /srv/$", lines, re.M)
    assert copied
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n*\n")[1].split()
    assert {f"!{name}" for name in copied[1].split()} | {"!constraints.txt"} == set(kept)
    assert all((DEPLOY.parent / name).is_file() for name in copied[1].split())
    assert lines.index("USER mlflow") < lines.index("ENTRYPOINT")
    proxy = (DEPLOY / "Caddyfile").read_text()
    assert set(re.findall(r"\{\$(\w+)\}", proxy)) <= SERVICES["proxy"]["environment"].keys()
    assert "reverse_proxy mlflow:5000\n" in proxy
