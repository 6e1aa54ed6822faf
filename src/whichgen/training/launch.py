"""A training on several devices: torchrun in a process of its own, watched until its end."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from whichgen.errors import WhichgenError
from whichgen.networks import Judge
from whichgen.parameters import GanRecipe
from whichgen.training.devices import check_devices
from whichgen.training.job import PROBLEM, RESULTS, STOPPED, Job, Results
from whichgen.training.process import Stopped, StopSignals
from whichgen.training.spec import CellSpec

LOOK_SECONDS = 0.1
logger = logging.getLogger(__name__)


def train_on_devices(job: Job, extractor: Judge, *, devices: int, nodes: int) -> Results:
    """Train the job's cell by `devices` processes on each of `nodes` machines, this one among them.

    A signal that this process receives is passed on, and the training is saved first. On Linux the
    processes end with this one.

    Raises:
        WhichgenError: if devices, batch or environment do not fit, or a process has failed.
        Stopped: on Ctrl-C or SIGTERM, with the state saved.
        SystemExit: with code 0, at the end, on all nodes but the first, which has the results.
    """
    check_devices(job.device, devices)
    check_execution(job.spec)
    check_divides(job.spec, devices * nodes)
    node = node_rank(nodes)
    # Inside it until the end is known: signals that came too late act when it is left.
    with tempfile.TemporaryDirectory(prefix="whichgen-") as name, StopSignals(tells=False) as stop:
        folder = Path(name)
        job.write(folder, extractor)
        code = _run(folder, devices, nodes, stop)
        if (folder / STOPPED).exists():
            raise Stopped(**json.loads((folder / STOPPED).read_text()))
        if (folder / PROBLEM).exists():
            raise WhichgenError((folder / PROBLEM).read_text())
        if (folder / RESULTS).exists():
            return Results.read(folder)
        if code or node == 0:
            raise WhichgenError(f"{job.spec.title}: torchrun ended with code {code}")
        logger.info("%s: done; the first node has the results", job.spec.title)
        raise SystemExit(0)


def check_execution(spec: CellSpec) -> None:
    """Refuse what cannot hold the messages between processes.

    Raises:
        WhichgenError: naming the parameter.
    """
    for name in ("compile", "cuda_graph"):
        if getattr(spec.execution, name):
            raise WhichgenError(f"{name}: only on one device; use --params {name}=off")


def check_divides(spec: CellSpec, ranks: int) -> None:
    """Refuse a number of processes by which the recipe's batch cannot be divided.

    Raises:
        WhichgenError: naming the key of the recipe.
    """
    recipe = spec.recipe
    key, size, pack = (
        ("batch", recipe.training.batch, recipe.discriminator.pack)
        if isinstance(recipe, GanRecipe)
        else ("generated_per_type", recipe.training.generated_per_type, 1)
    )
    if size % (ranks * pack):
        packs = f"in packs of {pack}, " if pack > 1 else ""
        raise WhichgenError(
            f"devices: {ranks} processes cannot share recipes.{spec.name}.training.{key}, {size}, "
            f"{packs}evenly; choose devices × nodes so that it divides, or another size"
        )


def node_rank(nodes: int) -> int:
    """Which of the nodes this machine is, by `NODE_RANK`; 0 where there is one.

    Raises:
        WhichgenError: if the environment does not say how the nodes find each other.
    """
    if nodes == 1:
        return 0
    rank = os.environ.get("NODE_RANK", "")
    if not (rank.isdecimal() and int(rank) < nodes and os.environ.get("MASTER_ADDR")):
        raise WhichgenError(
            f"nodes: {nodes} need MASTER_ADDR, the first node's address, and NODE_RANK, 0 to "
            f"{nodes - 1}, in the environment of each (docs/decisions/distributed.md)"
        )
    return int(rank)


def _run(folder: Path, devices: int, nodes: int, stop: StopSignals) -> int:
    """torchrun's exit code. In a process group of its own, it hears of Ctrl-C from here only."""
    command = [
        sys.executable, "-m", "whichgen.training.torchrun",
        str(folder), str(os.getpid()), str(devices), str(nodes),
    ]  # fmt: skip
    threads = max(1, torch.get_num_threads() // devices)
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    told = False
    with subprocess.Popen(command, env=environment, process_group=0) as torchrun:
        try:
            while torchrun.poll() is None:
                if stop.received and not told:
                    torchrun.send_signal(stop.received)
                    told = True
                time.sleep(LOOK_SECONDS)
        finally:
            torchrun.kill()  # nothing where it has ended; else its processes end with it
    return torchrun.returncode
