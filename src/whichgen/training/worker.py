"""One of the processes that train a cell together, as torchrun starts it.

    python -m whichgen.training.worker <folder of the job> <process id of torchrun>

In the job's folder it leaves what has become of the training: the first of all processes its
results, the first of this machine that it was stopped, any one a user's mistake.
"""

import errno
import json
import logging
import math
import os
import sys
import time
from pathlib import Path

from whichgen.errors import WhichgenError
from whichgen.training.cell import help_train_cell, train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.devices import device_of_rank
from whichgen.training.distributed import PeerLostError, Ranks
from whichgen.training.job import PROBLEM, STOPPED, Job, Results
from whichgen.training.process import Stopped, end_with_parent

PEER_LOST, DISK_FULL = 75, 74  # exit codes
PATIENCE_SECONDS = 5.0  # for torchrun to see first who has ended, and to end this one


def main() -> int:
    """Train; the exit code is 0 at the end and after a stop."""
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    end_with_parent(int(sys.argv[2]))
    _tell_as_kedro_does(rank)
    try:
        _train(Job.read(folder), folder, rank)
    except Stopped as stopped:
        if os.environ["LOCAL_RANK"] == "0" and folder.is_dir():  # else nobody waits for it
            stop = {"number": stopped.number, "step": stopped.step}
            (folder / STOPPED).write_text(json.dumps(stop))
    except WhichgenError as mistake:
        (folder / PROBLEM).write_text(str(mistake))
        return 1
    except PeerLostError:
        time.sleep(PATIENCE_SECONDS)
        return PEER_LOST
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return DISK_FULL
    return 0


def _train(job: Job, folder: Path, rank: int) -> None:
    device = device_of_rank(job.device)
    world = Ranks(device)
    train_split = {name: tensor.to(device) for name, tensor in job.train_split().items()}
    identity = job.spec.identity()
    try:
        if rank > 0:
            help_train_cell(
                job.spec, train_split=train_split, info=job.info, world=world,
                checkpoints=Checkpoints(job.checkpoints, identity, every_seconds=math.inf),
            )  # fmt: skip
        else:
            result = train_cell(
                job.spec,
                train_split=train_split,
                validation_split=job.validation_split(),
                info=job.info,
                extractor=job.extractor(folder).to(device),
                live=job.live,
                checkpoints=Checkpoints(job.checkpoints, identity, **job.saving),
                world=world,
            )
            Results.of(*result).write(folder)
    except Stopped:
        world.close()
        raise
    world.close()


def _tell_as_kedro_does(rank: int) -> None:
    """Log as conf/logging.yml says; what all ranks have to tell, the first one tells."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("whichgen").setLevel(logging.INFO if rank == 0 else logging.ERROR)
    if rank > 0:
        os.environ["TTY_COMPATIBLE"] = "0"  # no progress bars (rich)


if __name__ == "__main__":
    sys.exit(main())
