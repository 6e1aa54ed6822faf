"""deploy/server.sh as a process, and requests to it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from tests.conftest import BIN, gone

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy/server.sh"
HOST = "mlflow.example.org"
API = "/api/2.0/mlflow"
START_SECONDS, STOP_SECONDS = 180, 60
# For clients: a busy machine's server may be slow, and that is not what is tested.
PATIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"}


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TeamServer:
    """A server in a short folder of its own: a socket's path may not be long."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="whichgen-"))
        self.log = self.folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin = ("admin", secrets.token_hex(16))
        self.environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_AUTH_ADMIN_PASSWORD": self.admin[1],
            "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(32),
            "MLFLOW_PUBLIC_HOST": HOST,
            "PORT": str(self.port),
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [str(SCRIPT), str(self.folder)], env=self.environment, stdout=log, stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                requests.get(f"{self.url}/health", timeout=5).raise_for_status()
                return
            except requests.ConnectionError:
                time.sleep(0.2)
        raise AssertionError(self.log.read_text())

    def stop(self, number: signal.Signals) -> int:
        """Send the signal; the script's exit code, once none of its processes is left."""
        family = [self.process.pid, *descendants(self.process.pid)]
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        end = time.monotonic() + STOP_SECONDS
        while not all(map(gone, family)):
            assert time.monotonic() < end, "processes were left behind"
            time.sleep(0.1)
        return code

    def remove(self) -> None:
        """Stop it, which succeeds, and remove its folder."""
        assert self.stop(signal.SIGTERM) == 0
        shutil.rmtree(self.folder)

    def ask(
        self, method: str, path: str, user: tuple[str, str] | None = None, **options: Any
    ) -> requests.Response:
        """One request, as this user or as nobody."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.url + path, auth=user, timeout=60, allow_redirects=False, **options
            )

    def dump(self) -> bytes:
        """All that PostgreSQL holds, as text."""
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        command = [str(programs[-1] / "pg_dump"), "--username=mlflow", "mlflow"]
        environment = os.environ | {"PGHOST": str(self.folder / "postgresql")}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def descendants(pid: int) -> list[int]:
    """The processes below this one."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [below for child in map(int, listed) for below in (child, *descendants(child))]
