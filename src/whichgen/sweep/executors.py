"""Where jobs run: side by side on this machine, or as an array on a Slurm cluster."""

import math
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import submitit

from whichgen.errors import WhichgenError
from whichgen.sweep.job import CellJob, Environment

NO_LIMIT_MINUTES = 60 * 24 * 3650
JOB_ID = "job"
QUEUE_SECONDS = 10
SEEN_SECONDS = 30


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
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        if self._needs.gpus:
            first = place * self._needs.gpus
            visible = ",".join(str(first + i) for i in range(self._needs.gpus))
        return {"CUDA_VISIBLE_DEVICES": visible}


class Slurm:
    """One array of all jobs, at most `needs.jobs` of them at a time; they outlive the sweep.

    Raises:
        WhichgenError: if this machine has no Slurm, or submitit does not take a parameter.
    """

    outlives = True

    def __init__(self, folder: Path, needs: Needs) -> None:
        self._folder = folder
        self._executor = _slurm_executor(submitit.SlurmExecutor, folder, needs)
        self._cpus = needs.cpus
        self._queue, self._asked_at = set[str](), -math.inf
        self._gone_since: dict[str, float] = {}

    def room(self, running: int) -> int:
        """See `Executor`: Slurm itself holds back what is too much."""
        return 1_000_000

    def environment(self, threads: int | None) -> Environment:
        """As many threads as cores were asked for; else what the job finds."""
        wanted = threads or self._cpus
        return {"OMP_NUM_THREADS": str(wanted)} if wanted else {}

    def submit(self, jobs: Sequence[CellJob]) -> list[submitit.Job[None]]:
        """See `Executor`."""
        submitted = self._executor.submit_array(jobs)
        for job, one in zip(jobs, submitted, strict=True):
            (job.folder / JOB_ID).write_text(one.job_id)
        return submitted

    def running_before(self, folder: Path) -> submitit.Job[None] | None:
        """See `Executor`."""
        record = folder / JOB_ID
        if not record.is_file():
            return None
        job: submitit.Job[None] = submitit.SlurmJob(self._folder, record.read_text())
        return job if self._queued(job) and not job.paths.result_pickle.exists() else None

    def ended(self, job: submitit.Job[None]) -> bool:
        """See `Executor`. submitit would ask `sacct`, which is silent where nothing is accounted.

        What a job has written may be seen late on a shared disk: it gets some time.
        """
        if job.paths.result_pickle.exists():
            return True
        if self._queued(job):
            self._gone_since.pop(job.job_id, None)
            return False
        now = time.monotonic()
        return now - self._gone_since.setdefault(job.job_id, now) > SEEN_SECONDS

    def _queued(self, job: submitit.Job[None]) -> bool:
        """Whether the job waits or runs, as Slurm said it a few seconds ago."""
        if time.monotonic() - self._asked_at > QUEUE_SECONDS:
            command = ["squeue", "--me", "--array", "--noheader", "--format=%i"]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode == 0:  # else it is away for a moment
                self._queue = set(answer.stdout.split())
            self._asked_at = time.monotonic()
        return job.job_id in self._queue


def slurm_script(folder: Path, needs: Needs, jobs: int) -> str:
    """The script that Slurm is given for so many jobs; no Slurm is needed for it."""

    class Anywhere(submitit.SlurmExecutor):
        @classmethod
        def affinity(cls) -> int:
            return 1

    executor = _slurm_executor(Anywhere, folder, needs)
    if jobs > 1:
        executor.parameters["map_count"] = jobs  # as submitit does for an array
    return executor._make_submission_file_text(executor._submitit_command_str, uid="")


def _slurm_executor(
    kind: type[submitit.SlurmExecutor], folder: Path, needs: Needs
) -> submitit.SlurmExecutor:
    options: dict[str, Any] = {
        "job_name": "whichgen",
        "partition": needs.partition,
        "time": needs.minutes or 60,
        "gpus_per_node": needs.gpus,
        "cpus_per_task": needs.cpus,
        "mem": None if needs.memory is None else f"{needs.memory * 1024:.0f}MB",
        "array_parallelism": needs.jobs,
        **needs.slurm,
    }
    try:
        executor = kind(folder, max_num_timeout=1000)
        executor.update_parameters(**{k: v for k, v in options.items() if v is not None})
    except RuntimeError:
        raise WhichgenError(
            "--executor slurm: no srun on this machine; run it on a login node of the cluster, "
            "or with --dry-run to see the script"
        ) from None
    except ValueError as error:
        raise WhichgenError(f"--slurm: {' '.join(str(error).split())}") from None
    return executor


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
