"""What is written down of a cell that has been trained."""

import time
from statistics import median
from typing import Any

import torch

from whichgen.forms import form_of
from whichgen.networks import Generator
from whichgen.training.devices import peak_memory_bytes
from whichgen.training.flops import count_flops
from whichgen.training.loop import Trained
from whichgen.training.seeding import stream
from whichgen.training.spec import CellSpec
from whichgen.training.update import Update
from whichgen.training.watchers import Row

DRAWN, DRAWS = 256, 5  # images together, and how often, to time the sampling


def cell_record(
    spec: CellSpec, trained: Trained, update: Update, info: dict[str, Any]
) -> dict[str, Any]:
    """What the training was and cost, the same bytes on every run."""
    nothing: Row = {"step": 0, "flops": 0, "images_seen": 0}
    last = trained.history[-1] if trained.history else nothing
    sampling = count_flops(lambda: trained.generator.sample(1, stream(spec.seed, "count")))
    return {
        "dataset": spec.dataset,
        "recipe": spec.name,
        "family": spec.recipe.family,
        "seed": spec.seed,
        "status": "failed" if trained.error else "ok",
        "error": trained.error,
        "uses_labels": info["labelled"],
        "configuration": spec.configuration(),
        "configuration_hash": spec.hash(),
        "data": form_of(info).description() | {name: info[name] for name in ("labelled", "types")},
        "data_hash": spec.data_hash,
        "extractor_hash": spec.extractor_hash,
        "budget_flops": spec.budget_flops,
        "best_step": trained.best_step,
        "ended": _end(spec, trained, last),
        "cost": {
            "training_flops": last["flops"],
            "flops_per_step": trained.flops_per_step,
            "steps": last["step"],
            "images_seen": last["images_seen"],
            "generator_parameters": _size(trained.generator),
            "training_parameters": _size(update.networks),
            "sampling_flops_per_image": sampling,
        },
    }


def _end(spec: CellSpec, trained: Trained, last: Row) -> dict[str, Any]:
    """Why the training ended, at which step, and after which share of its budget.

    Where the recipe has a rule to stop, `reached` are the figures of the last validation.
    """
    rule = spec.recipe.training.stop_when
    because = "rule" if trained.stopped else "failure" if trained.error else "budget"
    return {
        "because": because,
        "step": last["step"],
        "budget_share": last["flops"] / spec.budget_flops,
        "stop_when": {name: bound.model_dump(exclude_none=True) for name, bound in rule.items()},
        "reached": {name: last.get(name) for name in rule},
    }


def _size(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def measured_record(trained: Trained, update: Update) -> dict[str, Any]:
    """What differs from run to run: kept in a file of its own. Memory is that of one process."""
    device = next(update.networks.parameters()).device
    seconds = trained.seconds[-1] if trained.seconds else 0.0
    images = trained.history[-1]["images_seen"] if trained.history else 0
    return {
        "seconds": seconds,
        "images_per_second": images / seconds if seconds else 0.0,
        "peak_memory_bytes": max(trained.peak_memory, peak_memory_bytes(device)),
        "sampling_ms_per_image": _sampling_ms(trained.generator),  # after the peak was read
        "device": str(device),
        "devices": update.world.size,
        "threads": torch.get_num_threads(),
    }


def _sampling_ms(generator: Generator) -> float:
    """Milliseconds per image drawn: the median of a few draws, after one that is not timed."""
    generator.sample(DRAWN, stream(0, "timing"))
    seconds = []
    for _ in range(DRAWS):
        began = time.perf_counter()
        generator.sample(DRAWN, stream(0, "timing"))
        seconds.append(time.perf_counter() - began)
    return 1000 * median(seconds) / DRAWN
