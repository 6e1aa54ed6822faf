"""What K generators cost: step time and peak memory as K grows and the batch stays.

    python -m benchmarks.many_generators --dataset fashion_mnist

The recipe's real update on random images of the dataset's size, in pixels alone, with averaged
weights. Each step makes 2,000 images in all, the K generators sharing them, and sees as many real
ones. As K grows, the stems grow, and the distances shrink, since each type has its own; so the
generators are timed without the objective as well: forward and backward pass, optimiser, average.
Every K runs in a process of its own, and the Ks take turns.
"""

import argparse
import copy
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

import torch

from benchmarks.interleave import interleaved, ratios, spread
from benchmarks.isolation import in_own_process
from benchmarks.markdown import MIB, figure, quartiles, table
from benchmarks.workloads import SEED, BareLoop, load_workload
from whichgen.parameters import DgnRecipe, Trunk
from whichgen.training.build import build_update
from whichgen.training.devices import peak_memory_bytes
from whichgen.training.flops import count_flops
from whichgen.training.update import Update

COUNTS = (1, 10, 100, 1000)
BATCH = 2000  # 2 of each type at K = 1000, the fewest that a recipe may ask for
STEPS = 5
MEASURED = ("seconds_per_step", "seconds_without_objective", "peak_memory_bytes")


def measure(
    recipe: DgnRecipe,
    trunk: Trunk,
    info: Mapping[str, Any],
    *,
    rounds: int,
    counts: Sequence[int] = COUNTS,
    batch: int = BATCH,
) -> list[dict[str, Any]]:
    """A record for each K in `counts`; ratios are to the first K of the same round."""
    turns = [
        {k: in_own_process(measure_one, recipe, trunk, info, k, batch) for k in counts}
        for _ in range(rounds)
    ]
    records = []
    for k in counts:
        record: dict[str, Any] = {"generators": k}
        for key in MEASURED:
            values, first = ([turn[n][key] for turn in turns] for n in (k, counts[0]))
            record[key] = spread(values)
            record[f"{key}_ratio"] = spread(ratios(values, first))
        constant = {key: turns[0][k][key] for key in ("parameters", "flops_per_step")}
        records.append(record | constant)
    return records


def measure_one(
    recipe: DgnRecipe, trunk: Trunk, info: Mapping[str, Any], k: int, batch: int
) -> dict[str, float]:
    """With K = k: seconds (medians), peak bytes of this process, parameters and FLOPs."""
    update = many(recipe, trunk, info, k, batch)
    loop = BareLoop(update, recipe.training.ema_decay)
    step, generators = partial(loop.train, 1), partial(_without_objective, update, loop, batch)
    seconds = interleaved({"step": step, "generators": generators}, STEPS)
    peak = peak_memory_bytes(torch.device("cpu"))  # before the FLOPs: they are counted on a copy
    return {
        "seconds_per_step": median(seconds["step"]),
        "seconds_without_objective": median(seconds["generators"]),
        "peak_memory_bytes": peak,
        "parameters": sum(p.numel() for p in update.generator.parameters()),
        "flops_per_step": count_flops(partial(copy.deepcopy(update).step, 0)),
    }


def _without_objective(update: Update, loop: BareLoop, batch: int) -> None:
    """What the generators cost by themselves: any loss will do, here the mean square."""
    generator, optimiser = update.generator, update.optimisers[0]
    z = torch.randn(generator.n_types, batch // generator.n_types, generator.latent)
    optimiser.zero_grad(set_to_none=True)
    generator.each(z).square().mean().backward()
    optimiser.step()
    loop.ema.update(0)


def many(recipe: DgnRecipe, trunk: Trunk, info: Mapping[str, Any], k: int, batch: int) -> Update:
    """The recipe's update with k types that share the batch; each has 5 times as many images."""
    each = batch // k
    training = {**recipe.training.model_dump(), "generated_per_type": each, "real_per_type": each}
    changed = DgnRecipe.model_validate(
        {**recipe.model_dump(), "encoder": None, "training": training}
    )
    shape = (5 * batch, info["channels"], info["resolution"], info["resolution"])
    rng = torch.Generator().manual_seed(SEED)
    return build_update(
        changed,
        trunk,
        images=torch.randint(0, 256, shape, dtype=torch.uint8, generator=rng),
        types=torch.arange(5 * batch) % k,
        info={**info, "types": {"names": [str(i) for i in range(k)], "shares": [1 / k] * k}},
        seed=SEED,
    )


def report(records: Sequence[Mapping[str, Any]]) -> str:
    """A row for each K, as a Markdown table."""
    rows = [
        [
            f"{record['generators']:,}",
            figure(record["parameters"] / 1e6),
            figure(record["flops_per_step"] / 1e9),
            *(
                cell
                for key, scale in zip(MEASURED, (1e3, 1e3, 1 / MIB), strict=True)
                for cell in (quartiles(record[key], scale), quartiles(record[f"{key}_ratio"]))
            ),
        ]
        for record in records
    ]
    header = ["generators", "M parameters", "GFLOP a step"]
    for name in ("ms a step", "ms without objective", "peak MiB"):
        header += [name, "to K = 1"]
    return table(header, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    workload = load_workload(arguments.dataset)
    recipe = workload.recipes["dgn"]
    assert isinstance(recipe, DgnRecipe)
    print(report(measure(recipe, workload.trunk, workload.info, rounds=arguments.rounds)))


if __name__ == "__main__":
    main()
