"""A real `mlflow server` on loopback, which can be killed, frozen and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

DEADLINE_SECONDS = 240  # of a start, on a busy machine


class MlflowServer:
    """One port and one folder with database and artifacts, which stay over its deaths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it is up, and wait until it answers."""
        if self._process is not None:
            return
        command = [
            str(Path(sys.executable).with_name("mlflow")), "server",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}",
            "--serve-artifacts", "--artifacts-destination", str(self.folder / "artifacts"),
        ]  # fmt: skip
        environment = os.environ | {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, process_group=0
            )
        end = time.monotonic() + DEADLINE_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL to it and its worker, wherever they are."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """From now on connections are accepted, by the kernel, and never answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, beginning with all that was asked meanwhile."""
        self._signal(signal.SIGCONT)

    def client(self) -> Any:
        """A client of MLflow's own."""
        from mlflow import MlflowClient

        return MlflowClient(self.uri)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
