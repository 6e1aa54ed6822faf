"""A sweep from its first job to its last: submit, watch, collect."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import submitit

from whichgen.errors import WhichgenError
from whichgen.parameters import Parameters
from whichgen.sweep.cells import Cell, finished
from whichgen.sweep.executors import Executor
from whichgen.sweep.job import LOCK, CellJob, held
from whichgen.sweep.slurm import JOB_ID
from whichgen.sweep.workspace import JOBS, LOG, SWEEP, collect, make_workspace
from whichgen.training.process import only_process

POLL_SECONDS = 0.5
Say = Callable[[str], None]


@dataclass
class Sweep:
    """The cells of a grid that are to be trained, in a project.

    Attributes:
        wanted: of each cell, see `cells.wanted_hashes`.
        waiting, running, failed, collected: where the cells are meanwhile.
    """

    project: Path
    parameters: Parameters
    wanted: dict[Cell, dict[str, str]]
    say: Say
    waiting: list[Cell] = field(default_factory=list)
    running: dict[Cell, submitit.Job[None]] = field(default_factory=dict)
    failed: list[Cell] = field(default_factory=list)
    collected: int = 0

    def run(self, executor: Executor) -> None:
        """Train and collect them all.

        Raises:
            WhichgenError: if another sweep runs in this project; at the end, naming the cells that
                failed and their logs.
            SystemExit: on Ctrl-C, with all jobs cancelled.
        """
        with only_process(self.project / SWEEP / LOCK, "sweep"):
            try:
                self._look_around(executor)
                while self.waiting or self.running:
                    self._submit(executor)
                    for cell in [c for c, job in self.running.items() if executor.ended(job)]:
                        self._end(cell)
                    time.sleep(POLL_SECONDS)
            except KeyboardInterrupt:
                self._cancel()
                raise SystemExit(130) from None
        if self.failed:
            logs = "; ".join(f"{cell} ({self._folder(cell) / LOG})" for cell in self.failed)
            raise WhichgenError(
                f"{len(self.failed)} of {len(self.wanted)} cells failed: {logs}; all others are "
                "collected; mend the cause and run the same command again"
            )
        shutil.rmtree(self.project / JOBS, ignore_errors=True)

    def _look_around(self, executor: Executor) -> None:
        """What an earlier sweep has left: jobs that go on, results not collected."""
        for cell in self.wanted:
            folder = self._folder(cell)
            if finished(folder, cell, self.wanted[cell]):
                self._end(cell)
            elif job := executor.running_before(folder):
                self.running[cell] = job
                self._tell(cell, f"goes on in job {job.job_id}")
            else:
                self.waiting.append(cell)

    def _submit(self, executor: Executor) -> None:
        # A job that a killed sweep has left ends by itself soon; its folder is not to be touched.
        ready = [cell for cell in self.waiting if not held(self._folder(cell) / LOCK)]
        batch = ready[: executor.room(len(self.running))]
        if not batch:
            return
        jobs = [self._job(cell, executor) for cell in batch]
        self.running |= dict(zip(batch, executor.submit(jobs), strict=True))
        self.waiting = [cell for cell in self.waiting if cell not in batch]
        for job in jobs:
            self._tell(job.cell, f"submitted, log: {job.folder / LOG}")

    def _job(self, cell: Cell, executor: Executor) -> CellJob:
        # Tracking publishes what is in its own project: `whichgen sync` does, once it is collected.
        environment = executor.environment(self.parameters.datasets[cell.dataset].threads)
        return CellJob(
            cell=cell,
            folder=make_workspace(self.project, cell),
            wanted=self.wanted[cell],
            environment=environment | {"WHICHGEN_TRACKING": "off"},
            sweep_lock=None if executor.outlives else self.project / SWEEP / LOCK,
        )

    def _end(self, cell: Cell) -> None:
        self.running.pop(cell, None)
        if finished(self._folder(cell), cell, self.wanted[cell]):
            collect(self.project, cell)
            self.collected += 1
            self._tell(cell, "done")
        else:
            self.failed.append(cell)
            self._tell(cell, f"FAILED: {_last_line(self._folder(cell) / LOG)}")

    def _cancel(self) -> None:
        """End all jobs, and wait until the trainings have saved themselves."""
        self.say(f"stopping {len(self.running)} jobs; Ctrl-C once more to leave at once")
        for cell, job in self.running.items():
            job.cancel(check=False)
            (self._folder(cell) / JOB_ID).unlink(missing_ok=True)
        while any(held(self._folder(cell) / LOCK) for cell in self.running):
            time.sleep(POLL_SECONDS)
        self.say("stopped; the same command goes on from there")

    def _folder(self, cell: Cell) -> Path:
        return self.project / SWEEP / cell.path

    def _tell(self, cell: Cell, what: str) -> None:
        counts = (
            f"{self.collected}/{len(self.wanted)} done, {len(self.running)} running, "
            f"{len(self.failed)} failed"
        )
        self.say(f"{counts} | {cell}: {what}")


def _last_line(log: Path) -> str:
    """What the log says at its end, an error of Kedro's as a rule."""
    lines = log.read_text(errors="replace").split("\n") if log.is_file() else []
    return next((line for line in reversed(lines) if line.strip()), "nothing in its log")
