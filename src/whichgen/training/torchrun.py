"""torchrun for the training of one cell: it starts this node's processes and ends them together.

    python -m whichgen.training.torchrun <folder of the job> <parent's process id> <devices> <nodes>

Where one of them fails, the folder's `problem` says which and how.
"""

import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.run import parse_args, run

from whichgen.training.job import PROBLEM, Job
from whichgen.training.process import end_with_parent
from whichgen.training.worker import DISK_FULL, PEER_LOST


def main() -> int:
    """Run torchrun; its exit code is 0 if all processes had 0."""
    folder, parent, devices, nodes = Path(sys.argv[1]), *map(int, sys.argv[2:])
    end_with_parent(parent)
    logging.disable(logging.CRITICAL)  # what it has to say is told by its parent, in one line
    arguments = [
        *rendezvous(nodes), f"--nproc-per-node={devices}", f"--log-dir={folder}",
        "--module", "whichgen.training.worker", str(folder), str(os.getpid()),
    ]  # fmt: skip
    try:
        run(parse_args(arguments))
    except ChildFailedError as error:
        if not (folder / PROBLEM).exists():
            title = Job.read(folder).spec.title
            (folder / PROBLEM).write_text(f"{title}: {explain(error.failures)}")
        return 1
    except SignalException as end:
        return 128 + end.sigval
    return 0


def rendezvous(nodes: int) -> list[str]:
    """How the nodes find each other: `MASTER_ADDR`, `MASTER_PORT`, `NODE_RANK` say it."""
    if nodes == 1:
        return ["--standalone"]
    return [
        f"--nnodes={nodes}",
        f"--node-rank={os.environ['NODE_RANK']}",
        f"--master-addr={os.environ['MASTER_ADDR']}",
        f"--master-port={os.environ.get('MASTER_PORT', '29500')}",
    ]


def explain(failures: Mapping[int, ProcessFailure]) -> str:
    """Which process ended first, by rank, and how; those that ended because of it do not count."""

    def later(rank: int) -> tuple[bool, int, int]:
        failure = failures[rank]
        followed = failure.exitcode in (PEER_LOST, -signal.SIGTERM)
        return followed, failure.timestamp, rank

    rank = min(failures, key=later)
    code = failures[rank].exitcode
    how = {
        PEER_LOST: "has lost its connection to a process of another node",
        DISK_FULL: "found the disk full: make room",
    }.get(code, f"ended with code {code}, its error is above")
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
    return (
        f"rank {rank} (process {failures[rank].pid}) {how}; all of them are stopped, and "
        "the same command goes on from the last checkpoint"
    )


if __name__ == "__main__":
    sys.exit(main())
