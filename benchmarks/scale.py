"""A model of the step on H100s: what it would take on 1, 8 and 64, and cost. No measurement.

    python -m benchmarks.scale            # the model, from the recipes' real steps on meta tensors
    python -m benchmarks.scale --measure  # and the same model against this machine

Each operation of the step takes the longer of its arithmetic and its traffic, each rate a share of
the device's peak; operations follow each other, and after them the messages between ranks, in
rings. All that is assumed stands in the first table.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.markdown import figure, table
from benchmarks.meta_step import BYTES, Step, Work, look_at_step
from benchmarks.workloads import ROOT
from whichgen.parameters import DgnRecipe, GanRecipe, Trunk, parse_recipes

Recipe = GanRecipe | DgnRecipe
GIGA, TERA = 1e9, 1e12
RANKS, RESOLUTIONS, TYPES = (1, 8, 64), (32, 64, 256), 10
TRUNK = Trunk(width=1024, blocks=2)
GAN_BATCH, GENERATED_PER_TYPE = 512, 64
IMAGES = 25_000_000
PRICE = 3.0  # US dollars per GPU-hour
STATE_OF_TRAINED, STATE_OF_GENERATOR = 6, 3  # copies: see the table of assumptions


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Rates per second, of one device: what it reaches, not its peak.

    Attributes:
        convolutions, products: FLOPs. memory: bytes. near, far: bytes that it sends to a device of
            its node, or of another. node: devices in a node. launch: seconds before an operation.
            latency: seconds of one hop of a message.
    """

    convolutions: float
    products: float
    memory: float
    near: float = 1.0
    far: float = 1.0
    node: int = 1
    launch: float = 0.0
    latency: float = 0.0

    def seconds(self, step: Step) -> float:
        """Of the operations of a rank."""
        return sum(self.launch + max(self._sides(work)) for work in step.work)

    def waiting_for_memory(self, step: Step) -> float:
        """Of them, in operations whose traffic takes longer than their arithmetic."""
        sides = map(self._sides, step.work)
        return sum(moving for computing, moving in sides if moving > computing)

    def talk(self, step: Step, ranks: int) -> float:
        """Seconds of the messages of a rank."""
        if ranks == 1:
            return 0.0
        rate = self.near if ranks <= self.node else self.far
        hops = {"sum": 2 * (ranks - 1), "gather": ranks - 1}
        return sum(m.sent(ranks) / rate + hops[m.kind] * self.latency for m in step.messages)

    def _sides(self, work: Work) -> tuple[float, float]:
        """Seconds of its arithmetic, and of its traffic."""
        rate = self.convolutions if work.convolves else self.products
        return work.flops / rate, work.moved / self.memory


ARITHMETIC, MEMORY, LINKS = 0.4, 0.7, 0.7  # shares of the peaks that are reached
H100 = Machine(
    convolutions=ARITHMETIC * 495 * TERA, products=ARITHMETIC * 67 * TERA,
    memory=MEMORY * 3.35 * TERA, near=LINKS * 450 * GIGA, far=LINKS * 50 * GIGA, node=8,
    launch=4e-6, latency=5e-6,
)  # fmt: skip
SHEET, ASSUMED = "NVIDIA's data sheet, H100 SXM", "assumption"
ASSUMPTIONS = [
    ["convolutions", "495 TFLOP/s, float32 as TF32, dense (torch's default)", SHEET],
    ["matrix products", "67 TFLOP/s, float32 (torch's default)", SHEET],
    ["memory", "3.35 TB/s, 80 GB", SHEET],
    ["NVLink, 8 GPUs of a node", "450 GB/s each way", SHEET],
    ["InfiniBand between nodes", "400 Gbit/s per GPU each way", "NVIDIA's data sheet, DGX H100"],
    ["share of the arithmetic that is reached", f"{ARITHMETIC:.0%}", ASSUMED],
    ["share of the memory's rate", f"{MEMORY:.0%}, nothing fused, nothing cached", ASSUMED],
    ["share of the links' rate", f"{LINKS:.0%}", ASSUMED],
    ["before each operation", "4 µs (eager, no CUDA graph)", ASSUMED],
    ["each hop of a ring", "5 µs; no message overlaps with work", ASSUMED],
    ["price", f"${PRICE:.2f} per GPU-hour", ASSUMED],
    ["networks", f"width {TRUNK.width} at the base, halved at each doubling, {TRUNK.blocks} blocks",
     ASSUMED],
    ["data", f"RGB, {TYPES} types, read without a wait", ASSUMED],
    ["GAN", f"{GAN_BATCH} images a step", ASSUMED],
    ["DGN", f"{TYPES} × {GENERATED_PER_TYPE} generated a step, the recipe's real ones", ASSUMED],
    ["a training", f"{IMAGES:,} images (GAN: real ones, DGN: generated ones)", ASSUMED],
    ["memory of a GPU", f"{STATE_OF_TRAINED} copies of what is trained and {STATE_OF_GENERATOR} "
     "more of the generator (moments, averages, what a rollback needs), gradients, and what lives "
     "at the step's height; no dataset", "the code"],
]  # fmt: skip


def sized(recipe: Recipe) -> Recipe:
    """The recipe with the batch that is assumed; it has to be shared by all ranks."""
    batch = (
        {"batch": GAN_BATCH}
        if isinstance(recipe, GanRecipe)
        else {"generated_per_type": GENERATED_PER_TYPE}
    )
    return recipe.model_copy(update={"training": recipe.training.model_copy(update=batch)})


def description(resolution: int) -> dict[str, Any]:
    """Of the data that is assumed."""
    types = {"names": [str(k) for k in range(TYPES)], "shares": [1 / TYPES] * TYPES}
    return {"channels": 3, "resolution": resolution, "labelled": True, "types": types}


def default_recipes() -> dict[str, Recipe]:
    """The default recipe of each family, as it stands in conf/base."""
    folder, found = ROOT / "conf/base/parameters/recipes", {}
    for family in ("gan", "dgn"):
        text = (folder / family / f"{family}.yml").read_text()
        found |= parse_recipes(yaml.safe_load(text)["recipes"])
    return found


def images_per_step(recipe: Recipe) -> int:
    """By which a training is measured: a GAN's real ones, a DGN's generated ones."""
    if isinstance(recipe, GanRecipe):
        return recipe.training.batch
    return TYPES * recipe.training.generated_per_type


def memory(step: Step) -> int:
    """Bytes on each GPU."""
    state = STATE_OF_TRAINED * step.trained + STATE_OF_GENERATOR * step.generator
    return BYTES * state + step.peak


def counted(name: str, steps: Mapping[int, Step]) -> list[str]:
    """A row of what was counted, by the number of ranks."""
    one = steps[1]
    sent = [sum(m.sent(n) for m in steps[n].messages) / 1e6 for n in RANKS[1:]]
    return [
        name,
        *(figure(size / 1e6) for size in (one.generator, one.trained)),
        *(figure(steps[n].flops / TERA) for n in RANKS),
        *(figure(steps[n].moved / GIGA) for n in RANKS),
        *map(figure, sent),
    ]


def predicted(name: str, recipe: Recipe, steps: Mapping[int, Step]) -> list[list[str]]:
    """A row for each number of ranks."""
    rows, alone, images = [], H100.seconds(steps[1]), images_per_step(recipe)
    for ranks, step in steps.items():
        work, talk = H100.seconds(step), H100.talk(step, ranks)
        hours = IMAGES / images * (work + talk) / 3600
        rows.append(
            [
                name,
                str(ranks),
                figure(1e3 * (work + talk)),
                f"{H100.waiting_for_memory(step) / (work + talk):.0%}",
                f"{talk / (work + talk):.0%}",
                figure(images / (work + talk)),
                f"{alone / ranks / (work + talk):.0%}",
                figure(memory(step) / GIGA),
                figure(hours),
                f"${figure(ranks * hours * PRICE)}",
            ]
        )
    return rows


def report(resolutions: Sequence[int] = RESOLUTIONS) -> str:
    """Three Markdown tables: what is assumed, counted, and predicted."""
    counts, predictions = [], []
    for family, recipe in default_recipes().items():
        for resolution in resolutions:
            name, info = f"{family}, {resolution}²", description(resolution)
            steps = {n: look_at_step(sized(recipe), TRUNK, info, n) for n in RANKS}
            counts.append(counted(name, steps))
            predictions += predicted(name, sized(recipe), steps)
    on = [f"on {n}" for n in RANKS]
    return "\n\n".join(
        [
            "## Assumed\n" + table(["what", "value", "from"], ASSUMPTIONS),
            "## Counted, per GPU and step\n"
            + table(
                ["recipe", "M parameters, generator", "M parameters, all",
                 *(f"TFLOP {n}" for n in on), *(f"GB moved {n}" for n in on),
                 *(f"MB sent {n}" for n in on[1:])],
                counts,
            ),
            "## Predicted, never measured\n"
            + table(
                ["recipe", "H100s", "ms a step", "of it memory", "of it messages", "images/s",
                 "efficiency", "GB a GPU", "hours", "cost"],
                predictions,
            ),
        ]
    )  # fmt: skip


def main() -> None:
    """Print the model, and where asked for, how it does on this machine."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", action="store_true", help="set it against this machine too")
    parser.add_argument("--dataset", default="fashion_mnist", help="whose recipes are measured")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(report(), flush=True)
    if arguments.measure:
        from benchmarks import scale_check

        print("\n" + scale_check.report(arguments.dataset, arguments.rounds))


if __name__ == "__main__":
    main()
