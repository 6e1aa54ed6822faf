"""What only a machine with a GPU can tell: parity with the CPU, speed, and a short training.

    python -m benchmarks.gpu_check

Parity: both families make the same 20 steps on the CPU and on the device, in float32 without TF32,
from the same weights, images and latents; every term of their losses must agree to a thousandth of
the term's largest value. They do so at a tenth of the rates, as in the rise at a training's start:
at full rates weights that differ by rounding alone drift apart by percents within these steps, for
Adam's first steps are as long for a gradient of rounding as for a large one; at a tenth, by 1e-6.

Then the device's speed in every way of computing a step (see benchmarks/precision.py), and a short
training of each family. Writes a page and a JSON file; the exit code is 1 if parity fails.
`--device cpu` lets a second update on the CPU stand in for the device.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks import precision
from benchmarks.engine import describe, machine
from benchmarks.markdown import MIB, figure, table
from benchmarks.training import train_once
from benchmarks.workloads import ROOT, Workload, load_workload
from whichgen.errors import WhichgenError
from whichgen.parameters import Execution
from whichgen.training.devices import choose_device
from whichgen.training.schedule import Rates
from whichgen.training.update import Update

STEPS = 20
TOLERANCE = 1e-3
RATE_FACTOR = 0.1
COUNTED = {"d_accuracy"}  # a share of a few pairs: it jumps where a pair is nearly even


def parity(workload: Workload, device: torch.device, steps: int = STEPS) -> dict[str, Any]:
    """How far the terms of each family's losses differ between the CPU and the device."""
    records = {}
    for family in workload.recipes:
        one = workload.update(family)
        encoder = one.networks["encoder"].state_dict() if "encoder" in one.networks else None
        other = workload.on(device).update(family, encoder=encoder)
        with full_float32():
            differences = compare(terms_of(one, steps), terms_of(other, steps))
        worst = max(differences, key=differences.__getitem__)
        records[family] = {
            "steps": steps,
            "differences": differences,
            "worst": worst,
            "tolerance": TOLERANCE,
            "passed": differences[worst] <= TOLERANCE,
        }
    return records


@contextmanager
def full_float32() -> Iterator[None]:
    """CUDA without TF32, which rounds what goes into a convolution to 10 bits."""
    parts = [torch.backends.cuda.matmul, torch.backends.cudnn.conv]
    before = [part.fp32_precision for part in parts]
    try:
        for part in parts:
            part.fp32_precision = "ieee"
        yield
    finally:
        for part, precision_before in zip(parts, before, strict=True):
            part.fp32_precision = precision_before


def terms_of(update: Update, steps: int) -> dict[str, torch.Tensor]:
    """Each term of the losses at each step: (steps,), on the CPU."""
    Rates(update.optimisers).scale(RATE_FACTOR)
    rows = [update.step(step) for step in range(steps)]
    return {
        name: torch.stack([row[name].detach() for row in rows]).cpu()
        for name in rows[0]
        if name not in COUNTED
    }


def compare(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """The largest difference of each term as a share of its largest value; NaN counts as ∞."""
    return {
        name: float(
            (
                (one[name] - other[name]).abs().max() / one[name].abs().max().clamp_min(1e-12)
            ).nan_to_num(torch.inf)
        )
        for name in one
    }


def train(dataset: str, budget: float, device: torch.device) -> dict[str, Any]:
    """A short training of each family on the device."""
    return {
        family: train_once(dataset, family, 0, Execution(), budget=budget, device=device)
        for family in ("gan", "dgn")
    }


def page(results: Mapping[str, Any]) -> str:
    """All results as Markdown."""
    agreed = [
        [family, f"{r['steps']}", r["worst"], f"{r['differences'][r['worst']]:.1e}",
         f"{r['tolerance']:.0e}", "yes" if r["passed"] else "NO"]
        for family, r in results["parity"].items()
    ]  # fmt: skip
    trained = [
        [family, f"{r['step']:,}", figure(r["seconds"]), figure(r["images_per_second"]),
         figure(r["peak_memory_bytes"] / MIB), figure(r["validation_fd"]),
         figure(r["validation_coverage"])]
        for family, r in results["training"].items()
    ]  # fmt: skip
    return "\n\n".join(
        [
            f"# GPU check\n{results['device']}; {describe(results)}",
            "## Parity with the CPU, float32",
            table(["recipe", "steps", "worst term", "difference", "allowed", "passed"], agreed),
            "## Speed",
            precision.report_speed(results["speed"]),
            "## A short training",
            table(
                ["recipe", "steps", "seconds", "images/s", "peak MiB", "validation FD", "coverage"],
                trained,
            ),
        ]
    )


def main() -> int:
    """Measure, print and write; 1 if parity fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--rounds", type=int, default=9, help="of what takes turns")
    parser.add_argument("--ways", nargs="+", help="of computing a step; else all that there are")
    parser.add_argument(
        "--budget", type=float, default=1e13, help="training FLOPs of the short one"
    )
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/gpu_check.json")
    arguments = parser.parse_args()
    try:
        device = choose_device(arguments.device)
    except WhichgenError:
        sys.exit(
            f"gpu-check: this machine has no {arguments.device} device; run it on one that has"
        )
    ways = precision.chosen_ways(device, arguments.ways)
    workload = load_workload(arguments.dataset)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    results: dict[str, Any] = {"dataset": arguments.dataset, "device": name, "machine": machine()}
    results["parity"] = parity(workload, device)
    results["training"] = train(arguments.dataset, arguments.budget, device)
    results["speed"] = precision.measure_speed(workload.on(device), ways, arguments.rounds)
    text = page(results)
    print(text)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(results, indent=1) + "\n")
    arguments.results.with_suffix(".md").write_text(text + "\n")
    return 0 if all(record["passed"] for record in results["parity"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
