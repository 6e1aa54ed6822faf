"""The model of benchmarks/scale.py against what this machine can measure.

Messages: two processes over gloo make steps; the kernel counts the bytes that each writes. Time:
the model with this machine's own rates, measured at the sizes of the step, against the step.
"""

import copy
import multiprocessing
import os
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks import peaks
from benchmarks.interleave import interleaved, ratios, spread, times_in
from benchmarks.kills import make_cell
from benchmarks.markdown import figure, quartiles, table
from benchmarks.meta_step import look_at_step
from benchmarks.scale import Machine
from benchmarks.workloads import Workload, load_workload
from whichgen.training.build import build_update
from whichgen.training.distributed import Ranks
from whichgen.training.flops import count_flops
from whichgen.training.update import Update

RANKS, STEPS = 2, 10
WORDS = 1 << 24  # of the vectors that are added: 64 MiB each


def messages(family: str) -> dict[str, float]:
    """Bytes that a rank writes to the other in a step of a small cell: `predicted`, `measured`."""
    spec, arguments = make_cell(family)
    step = look_at_step(spec.recipe, spec.trunk, arguments["info"], RANKS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    with context.Pool(RANKS) as pool:
        written = pool.starmap(_written, [(family, rank, port) for rank in range(RANKS)], 1)
    return {
        "predicted": sum(message.sent(RANKS) for message in step.messages),
        "measured": max(written),
    }


def _written(family: str, rank: int, port: int) -> float:
    """Bytes that this process writes in a step, as one of two ranks."""
    torch.set_num_threads(1)
    world = {"RANK": str(rank), "WORLD_SIZE": str(RANKS)}
    os.environ.update(world, MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    spec, arguments = make_cell(family)
    ranks = Ranks(torch.device("cpu"))
    update = build_update(
        spec.recipe, spec.trunk, **arguments["train_split"], info=arguments["info"], seed=0,
        world=ranks,
    )  # fmt: skip
    update.step(0)  # opens the connections
    before = _bytes_written()
    for step in range(STEPS):
        update.step(step)
    after = _bytes_written()
    ranks.close()
    return (after - before) / STEPS


def _bytes_written() -> int:
    """By this process, to files and sockets, as Linux counts."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def step_times(
    updates: Mapping[str, Update], workload: Workload, rounds: int
) -> dict[str, dict[str, Any]]:
    """Seconds of a step of each family, `predicted` by this machine's rates and `measured`."""
    rates = peaks.measure(peaks.operations_in(updates.values()), rounds)
    machine = Machine(
        convolutions=peaks.peak(rates, "float32", ["3×3 convolution"]).flops_per_second,
        products=peaks.peak(rates, "float32", ["matrix product"]).flops_per_second,
        memory=_memory_rate(rounds),
    )
    found = {}
    for family, update in updates.items():
        step = look_at_step(workload.recipes[family], workload.trunk, workload.info, 1)
        assert step.flops == count_flops(partial(copy.deepcopy(update).step, 0))
        measured = interleaved({"": partial(update.step, 0)}, rounds)[""]
        predicted = machine.seconds(step)
        ratio = spread(ratios([predicted] * len(measured), measured))
        found[family] = {"predicted": predicted, "measured": spread(measured), "ratio": ratio}
    return found


def _memory_rate(rounds: int) -> float:
    """Bytes per second of adding two long vectors into a third."""
    x, y, z = (torch.ones(WORDS) for _ in range(3))

    def add(times: int) -> None:
        for _ in range(times):
            torch.add(x, y, out=z)

    times = times_in(0.1, add)
    return 3 * x.nbytes * times / median(interleaved({"": partial(add, times)}, rounds)[""])


def report(dataset: str, rounds: int) -> str:
    """Two Markdown tables."""
    workload = load_workload(dataset)
    times = step_times({f: workload.update(f) for f in workload.recipes}, workload, rounds)
    sent = {family: messages(family) for family in times}
    return "\n\n".join(
        [
            "## Messages of two processes here, bytes a rank and step\n"
            + table(
                ["recipe, small cell on digits", "predicted", "measured", "predicted / measured"],
                [
                    [f, f"{s['predicted']:,.0f}", f"{s['measured']:,.0f}",
                     figure(s["predicted"] / s["measured"])]
                    for f, s in sent.items()
                ],
            ),
            f"## Steps on {dataset} here, ms\n"
            + table(
                ["recipe", "predicted", "measured", "predicted / measured"],
                [
                    [f, figure(1e3 * t["predicted"]), quartiles(t["measured"], 1e3),
                     quartiles(t["ratio"])]
                    for f, t in times.items()
                ],
            ),
        ]
    )  # fmt: skip
