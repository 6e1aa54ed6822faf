"""Kedro hooks that tell the tracking process what a run trains, evaluates and compares."""

import json
import logging
import os
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click
from kedro.framework.hooks import hook_impl

from whichgen.errors import WhichgenError
from whichgen.redaction import redact

logger = logging.getLogger(__name__)


def cell_of(inputs: dict[str, Any]) -> tuple[str, str, int]:
    """Dataset, recipe and seed of the cell that a node trains or scores.

    A training takes the cell's specification, `<family>_spec`; a scoring its record,
    `<family>_cell`.
    """
    for name, value in inputs.items():
        if name.endswith("_spec"):
            return value.dataset, value.name, value.seed
    record = next(value for name, value in inputs.items() if name.endswith("_cell"))
    return record["dataset"], record["recipe"], record["seed"]


def command() -> str:
    """The command that runs this process, as typed, without passwords in addresses."""
    return redact(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]))


class TrackingHooks:
    """Publishes a run's cells: what nodes tagged "train" make live, the rest at the run's end.

    Nodes tagged "score" name a cell; one tagged "report" names, by its input "info", a dataset's
    comparison. Publishing is a process of its own, so that MLflow neither slows nor stops a
    training.

    Args:
        patience_seconds: how long the end of a run waits for it, but where it is required.
    """

    def __init__(self, *, patience_seconds: float = 5.0) -> None:
        self._patience_seconds = patience_seconds
        self._project = Path.cwd()
        self._mode = "off"
        self._process: subprocess.Popen[str] | None = None
        self._log = Path()
        self._starting = threading.Lock()

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn where the project is."""
        self._project = Path(context.project_path)

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Read the settings, so that a mistake in them is told before anything runs."""
        from whichgen.tracking.settings import load_settings

        try:
            self._mode = load_settings(self._project).mode
        except WhichgenError as error:
            raise click.ClickException(str(error)) from None

    @hook_impl
    def before_node_run(self, node: Any, inputs: dict[str, Any]) -> None:
        """Tell the tracking process what the node is about to make."""
        if self._mode == "off" or not node.tags & {"train", "score", "report"}:
            return
        from whichgen.tracking.cell_files import MODELS, REPORTS, cell_path, live_folder
        from whichgen.tracking.follow import status_stamp

        if "report" in node.tags:
            dataset = inputs["info"]["name"]
            self._tell(REPORTS / dataset, "comparison", dataset)
            return
        key = cell_of(inputs)
        if "train" in node.tags:
            stamp = status_stamp(live_folder(self._project, key))
            self._tell(MODELS / cell_path(key), "follow", *key, stamp, command())
        else:
            self._tell(MODELS / cell_path(key), "publish", *key)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let the tracking process publish the rest.

        Raises:
            ClickException: in the mode "required", if MLflow did not take it.
        """
        if self._process is None:
            return
        began = time.monotonic()
        code = self._finish()
        if code is None:
            waited = time.monotonic() - began
            logger.info(
                "MLflow: still publishing, not waited for after %.1f s (log: %s)", waited, self._log
            )
        elif code == 0:
            if not self._log.stat().st_size:
                self._log.unlink()
        elif self._mode == "required":
            raise click.ClickException(f"MLflow: {self._reason()} (log: {self._log})")
        else:
            logger.warning("MLflow: %s (log: %s)", self._reason(), self._log)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """A failed run's cells are published too, and its own error is the one to be seen."""
        self._finish()

    def _tell(self, log_folder: Path, *request: Any) -> None:
        with self._starting:
            if self._process is None:
                self._start(log_folder)
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            logger.debug("the tracking process is gone", exc_info=True)  # told at the end

    def _start(self, log_folder: Path) -> None:
        self._log = self._project / log_folder / "tracking.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "whichgen.tracking.follow", str(self._project)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
                cwd=self._project,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

    def _finish(self) -> int | None:
        """Close the tracking process's input and wait; its exit code, None if it works on."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return None
        try:
            process.stdin.close()
            return process.wait(None if self._mode == "required" else self._patience_seconds)
        except (OSError, subprocess.TimeoutExpired):
            return process.poll()

    def _reason(self) -> str:
        """The log's last line without its time."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1].partition(" | ")[2] or lines[-1] if lines else "no reason given"
