"""Jobs as an array on a Slurm cluster."""

import math
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import submitit

from whichgen.errors import WhichgenError
from whichgen.sweep.executors import Needs
from whichgen.sweep.job import CellJob, Environment

JOB_ID = "job"
QUEUE_SECONDS = 10
SEEN_SECONDS = 30


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
