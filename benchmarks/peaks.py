"""What the machine can do: its fastest matrix product and 3×3 convolution, forward and backward.

    python -m benchmarks.peaks --dataset fashion_mnist

Each is timed alone, at every size that it has in a step of either recipe, in float32 and bfloat16,
convolutions in both layouts of memory. The fastest is the peak against which a recipe's training
FLOP/s are set: what a step made of nothing else would reach.
"""

import argparse
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import median
from typing import Any

import torch

from benchmarks.interleave import Repeat, interleaved, times_in
from benchmarks.markdown import figure, table
from benchmarks.operations import Operation, operations_of
from benchmarks.workloads import load_workload
from whichgen.training.flops import count_flops
from whichgen.training.update import Update

KINDS = ("matrix product", "3×3 convolution")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Rate:
    """One operation in one type and layout, and how fast it goes."""

    operation: Operation
    dtype: str
    layout: str
    flops_per_second: float

    def passes(self) -> Repeat:
        """Forward and backward passes, to be timed again beside something else."""
        return self.operation.passes(DTYPES[self.dtype], self.layout)

    def record(self) -> dict[str, Any]:
        """As it stands in the results."""
        return {
            "operation": self.operation.kind,
            "size": str(self.operation),
            "dtype": self.dtype,
            "layout": self.layout,
            "flops_per_second": self.flops_per_second,
        }


def operations_in(updates: Iterable[Update]) -> list[Operation]:
    """The products and 3×3 convolutions of a step of each update, at its own batch."""
    found: list[Operation] = []
    for update in updates:
        found += operations_of(partial(copy.deepcopy(update).step, 0))
    return [operation for operation in dict.fromkeys(found) if operation.kind in KINDS]


def measure(operations: Sequence[Operation], rounds: int) -> list[Rate]:
    """The median of the rounds for each operation in each type and layout."""
    return [
        Rate(operation, dtype, layout, _flops_per_second(operation, dtype, layout, rounds))
        for operation, dtype in product(operations, DTYPES)
        for layout in operation.layouts
    ]


def peak(rates: Iterable[Rate], dtype: str, kinds: Sequence[str] = KINDS) -> Rate:
    """The fastest of these kinds in that type."""
    return max(
        (rate for rate in rates if rate.dtype == dtype and rate.operation.kind in kinds),
        key=lambda rate: rate.flops_per_second,
    )


def report(rates: Sequence[Rate]) -> str:
    """The peak of each kind and type as a Markdown table."""
    rows = []
    for kind, dtype in product(KINDS, DTYPES):
        best = peak(rates, dtype, [kind])
        size = f"{best.operation}" + (f", {best.layout}" if len(best.operation.layouts) > 1 else "")
        rows.append([kind, dtype, figure(best.flops_per_second / 1e9), size])
    return table(["forward and backward", "type", "GFLOP/s", "fastest at"], rows)


def _flops_per_second(operation: Operation, dtype: str, layout: str, rounds: int) -> float:
    passes = operation.passes(DTYPES[dtype], layout)
    times = times_in(0.01, passes)
    seconds = median(interleaved({"": partial(passes, times)}, rounds)[""])
    return times * count_flops(partial(passes, 1)) / seconds


def main() -> None:
    """Measure and print the peaks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    workload = load_workload(arguments.dataset)
    operations = operations_in(workload.update(family) for family in workload.recipes)
    print(report(measure(operations, arguments.rounds)))


if __name__ == "__main__":
    main()
