"""What only a process beside a training can know: its command, the code's state, the load."""

import json
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from whichgen.tracking.provenance import git_tags

PROVENANCE, SYSTEM = "provenance.json", "system.jsonl"
SAMPLE_SECONDS = 10.0  # as MLflow's own monitor
_MONITORS = (
    "cpu_monitor.CPUMonitor",
    "disk_monitor.DiskMonitor",
    "network_monitor.NetworkMonitor",
    "gpu_monitor.GPUMonitor",
    "rocm_monitor.ROCMMonitor",
)


class Witness:
    """Writes down, beside the live files of one training, how it was run and what that took.

    The files are there whether MLflow is or not, so that `whichgen sync` can tell later.
    """

    def __init__(self, project: Path, live: Path, command: str) -> None:
        self._project, self._live, self._command = project, live, command
        self._begun = False
        self._monitors: list[Any] = []
        self._next = 0.0
        psutil.cpu_percent()  # the next call tells the load since this one

    def look(self) -> None:
        """Write what is due of a training that has begun; on a full disk, next time."""
        with suppress(OSError):
            self._look()

    def _look(self) -> None:
        status = json.loads((self._live / "status.json").read_text())
        if not self._begun:
            self._begin(int(status["pid"]))
        if status["state"] == "training" and time.monotonic() >= self._next:
            self._sample()
            self._next = time.monotonic() + SAMPLE_SECONDS

    def _begin(self, pid: int) -> None:
        """Write the provenance; a training that goes on keeps the samples of its first part."""
        path = self._live / PROVENANCE
        before = json.loads(path.read_text()) if path.is_file() else {}
        configuration = json.loads((self._live / "config.json").read_text())
        if before.get("configuration") != configuration:
            (self._live / SYSTEM).unlink(missing_ok=True)
        tags = git_tags(self._project, read_at="training") | {"whichgen.command": self._command}
        record = {"pid": pid, "tags": tags, "configuration": configuration}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(record, indent=2) + "\n")
        part.replace(path)
        self._begun = True

    def _sample(self) -> None:
        self._monitors = self._monitors or _monitors()
        row: dict[str, float] = {"time_ms": round(1000 * time.time())}
        for monitor in self._monitors:
            monitor.collect_metrics()
            row |= monitor.aggregate_metrics()
            monitor.clear_metrics()
        with (self._live / SYSTEM).open("a") as file:
            file.write(json.dumps(row) + "\n")


def _monitors() -> list[Any]:
    """MLflow's own monitors of this machine, as far as there is something to watch."""
    found = []
    for name in _MONITORS:
        module, _, kind = name.partition(".")
        with suppress(Exception):  # no such device, or no library for it
            found.append(getattr(import_module(f"mlflow.system_metrics.metrics.{module}"), kind)())
    return found
