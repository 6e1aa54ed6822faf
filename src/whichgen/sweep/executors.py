"""Where jobs run: what a sweep asks of it, and this machine, with jobs side by side."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import submitit

from whichgen.errors import WhichgenError
from whichgen.sweep.job import CellJob, Environment

NO_LIMIT_MINUTES = 60 * 24 * 3650


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a job is given; None: what the machine or the cluster gives by itself.

    Attributes:
        jobs: how many run at a time. cpus, gpus: of a job.
        minutes, memory, partition: of a job on Slurm; memory in GB.
        slurm: further parameters of submitit's Slurm executor, such as account or qos.
    """

    jobs: int | None = None
    cpus: int | None = None
    gpus: int | None = None
    minutes: int | None = None
    memory: float | None = None
    partition: str | None = None
    slurm: dict[str, str] = field(default_factory=dict)


class Executor(Protocol):
    """Where jobs run; `outlives` says whether they go on when the sweep that started them ends."""

    outlives: bool

    def room(self, running: int) -> int:
        """How many more may be submitted now."""

    def environment(self, threads: int | None) -> Environment:
        """For the command of a job of a dataset with that number of threads."""

    def submit(self, jobs: Sequence[CellJob]) -> list[submitit.Job[None]]:
        """Start them, or put them into the queue."""

    def ended(self, job: submitit.Job[None]) -> bool:
        """Whether the job is over, however it ended."""

    def running_before(self, folder: Path) -> submitit.Job[None] | None:
        """The job in this working folder that an earlier sweep submitted and that goes on."""


class Local:
    """Up to `needs.jobs` processes at a time, by default one; they end when the sweep ends.

    Raises:
        WhichgenError: if something is asked for that only Slurm gives.
    """

    outlives = False

    def __init__(self, folder: Path, needs: Needs) -> None:
        for flag in ("partition", "minutes", "memory", "slurm"):
            if getattr(needs, flag):
                name = "time" if flag == "minutes" else flag
                raise WhichgenError(f"--{name}: is for --executor slurm only")
        self._jobs, self._needs, self._folder = needs.jobs or 1, needs, folder
        self._executor = submitit.LocalExecutor(folder)
        self._executor.update_parameters(timeout_min=NO_LIMIT_MINUTES)
        self._places: dict[int, submitit.Job[None]] = {}

    def room(self, running: int) -> int:
        """See `Executor`."""
        return self._jobs - running

    def environment(self, threads: int | None) -> Environment:
        """Cores shared out: two runs that both use all of them are slower than one by one."""
        share = self._needs.cpus or max(1, (os.cpu_count() or 1) // self._jobs)
        return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads or share))}

    def submit(self, jobs: Sequence[CellJob]) -> list[submitit.Job[None]]:
        """See `Executor`. What submitit's own processes say at Ctrl-C goes into a log."""
        submitted = []
        for job in jobs:
            place = next(
                i for i in range(self._jobs) if i not in self._places or self._places[i].done()
            )
            job.environment |= self._gpus(place)
            with _errors_into(self._folder / "submitit.log"):
                self._places[place] = self._executor.submit(job)
            submitted.append(self._places[place])
        return submitted

    def ended(self, job: submitit.Job[None]) -> bool:
        """See `Executor`."""
        return job.done()

    def running_before(self, folder: Path) -> submitit.Job[None] | None:
        """None: local jobs end with their sweep, and a new one waits for what is left of it."""
        return None

    def _gpus(self, place: int) -> Environment:
        """GPUs of its own for each place; without a number, what this process sees.

        submitit would hide them all.
        """
        visible, each = os.environ.get("CUDA_VISIBLE_DEVICES"), self._needs.gpus
        if each:
            names = visible.split(",") if visible else map(str, range(self._jobs * each))
            visible = ",".join(list(names)[place * each : (place + 1) * each])
        return {"CUDA_VISIBLE_DEVICES": visible}


@contextmanager
def _errors_into(log: Path) -> Iterator[None]:
    """Processes started within write their errors into the log."""
    with log.open("ab") as file:
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
