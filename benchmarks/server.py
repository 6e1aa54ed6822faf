"""`mlflow models serve` as a process of its own on loopback."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.clients import Client

START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    port: int
    pid: int

    def resident_bytes(self) -> int:
        """Resident memory of all its processes together."""
        first = psutil.Process(self.pid)
        return sum(p.memory_info().rss for p in [first, *first.children(recursive=True)])


@contextmanager
def served(uri: str, folder: Path, *, workers: int = 1, **environment: str) -> Iterator[Server]:
    """Serve the model until the end of the block; the log goes to the folder.

    Args:
        environment: more of it. The project's own code is not on the path: the model brings its.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local",
        "--port", str(port), "--workers", str(workers),
    ]  # fmt: skip
    known = os.environ | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "PYTHONPATH": ""}
    log = folder / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=known | environment, stdout=file, stderr=file, process_group=0
        )
    try:
        ends = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield Server(port, process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(port: int) -> bool:
    with Client(port) as client, suppress(OSError, http.client.HTTPException):
        return client.call("GET", "/ping")[0] == 200
    return False
