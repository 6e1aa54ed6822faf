"""Images that stay in their file: what a training takes of memory, and how fast it goes.

    python -m benchmarks.streaming --gigabytes 10

Random images of ten types are packed into a file of that size. Each family's shipped recipe trains
on them as a run with `data=stream` does, in a process of its own, and beside it, in another one, on
a smaller part of them that rests in memory. The two take turns; each ratio is of one round. Peak
memory is that of the whole process, from its start: fitting the DGN's encoder, here to a few of the
images, and looking at all of them through it are in it. A file that was just written is in the page
cache, which is not the process's memory: from a cold one the first epoch is as fast as the disk.
"""

import argparse
import json
import multiprocessing
from collections.abc import Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from kedro.config import OmegaConfigLoader

from benchmarks.interleave import interleaved, ratios, spread
from benchmarks.markdown import MIB, figure, quartiles, table
from benchmarks.workloads import ROOT, SEED, BareLoop
from whichgen.catalog import PackedDataset
from whichgen.parameters import DgnRecipe, GanRecipe, Trunk, parse_recipes
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.training.build import build_update
from whichgen.training.devices import choose_device, peak_memory_bytes
from whichgen.training.packed import Rest

K, CHANNELS = 10, 3
TRUNK = Trunk(width=48, blocks=1)
STREAMED, RESTING = "streamed", "in memory"
FITTED = 2560  # images that the DGN's encoder is fitted to: how well it is changes no figure here
BLOCK = 1 << 26  # bytes written at a time


def pack_random(path: Path, n: int, resolution: int) -> None:
    """A packed split of n images, written without being held in memory."""
    shape, size = (n, CHANNELS, resolution, resolution), n * CHANNELS * resolution**2
    types = np.arange(n, dtype=np.int64) % K
    header = json.dumps(
        {
            "types": {"dtype": "I64", "shape": [n], "data_offsets": [0, 8 * n]},
            "images": {"dtype": "U8", "shape": shape, "data_offsets": [8 * n, 8 * n + size]},
        }
    ).encode()
    rng = np.random.default_rng(SEED)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + types.tobytes())
        for start in range(0, size, BLOCK):
            file.write(rng.bytes(min(BLOCK, size - start)))


class Trainer:
    """A process that trains a recipe on a packed split, so many steps whenever it is asked."""

    def __init__(self, recipe: GanRecipe | DgnRecipe, path: Path, rest: Rest) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([])  # a small one: see `isolation`
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, recipe, path, rest))
        self._process.start()
        other.close()  # a process that ends without an answer is an error here, no endless wait
        self._ask(0)

    def train(self, steps: int) -> None:
        """Make the next steps."""
        self._ask(steps)

    def end(self) -> int:
        """The process's peak memory in bytes; it is over then."""
        peak = self._ask(0)
        self._pipe.close()
        self._process.join()
        return peak

    def _ask(self, steps: int) -> int:
        self._pipe.send(steps)
        peak: int = self._pipe.recv()
        return peak


def _serve(pipe: Connection, recipe: GanRecipe | DgnRecipe, path: Path, rest: Rest) -> None:
    device = choose_device("cpu")
    split = PackedDataset(filepath=str(path), data=rest).load()
    images, types = (split[name].to(device) for name in ("images", "types"))
    info = {
        "channels": CHANNELS, "resolution": images.shape[2], "labelled": True,
        "types": {"names": list(map(str, range(K))), "shares": [1 / K] * K},
    }  # fmt: skip
    update = build_update(recipe, TRUNK, images=images, types=types, info=info, seed=SEED)
    loop = BareLoop(update, recipe.training.ema_decay)
    while True:
        try:
            loop.train(pipe.recv())
        except EOFError:
            return
        pipe.send(peak_memory_bytes(device))


def measure(
    recipe: GanRecipe | DgnRecipe, large: Path, small: Path, *, steps: int, rounds: int
) -> dict[str, Any]:
    """Images per second and peak bytes of both ways, and the ratio of the speeds."""
    trainers = {
        STREAMED: Trainer(recipe, large, "stream"),
        RESTING: Trainer(recipe, small, "memory"),
    }
    works = {way: partial(trainer.train, steps) for way, trainer in trainers.items()}
    seconds = interleaved(works, rounds)
    training = recipe.training
    images = training.batch if recipe.family == "gan" else K * training.real_per_type
    return {
        "images_per_second": {
            way: spread([steps * images / s for s in times]) for way, times in seconds.items()
        },
        "streamed_to_memory": spread(ratios(seconds[RESTING], seconds[STREAMED])),
        "peak_memory_bytes": {way: trainer.end() for way, trainer in trainers.items()},
    }


def report(records: Mapping[str, Mapping[str, Any]], large: int, small: int) -> str:
    """A Markdown table; large and small are the bytes of the images."""
    rows = [
        [
            family,
            *(quartiles(record["images_per_second"][way]) for way in (RESTING, STREAMED)),
            quartiles(record["streamed_to_memory"]),
            *(figure(record["peak_memory_bytes"][way] / MIB) for way in (RESTING, STREAMED)),
        ]
        for family, record in records.items()
    ]
    sizes = {STREAMED: f"{figure(large / 1e9)} GB", RESTING: f"{figure(small / 1e9)} GB"}
    ways = [f"{way}, {sizes[way]}" for way in (RESTING, STREAMED)]
    header = ["recipe", *(f"images/s, {way}" for way in ways), "streamed / in memory"]
    return table([*header, *(f"peak MiB, {way}" for way in ways)], rows)


def shipped_recipes() -> dict[str, GanRecipe | DgnRecipe]:
    """The default recipe of each family, with an encoder that is fitted for a moment only."""
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    parameters = loader["parameters"]
    known = parse_recipes(parameters["recipes"])
    chosen = {family: known[name] for family, name in parameters["default_recipes"].items()}
    dgn = chosen["dgn"]
    if dgn.family == "dgn" and dgn.encoder:
        brief = dgn.encoder.model_copy(update={"images_seen": FITTED})
        chosen["dgn"] = dgn.model_copy(update={"encoder": brief})
    return chosen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=10.0)
    parser.add_argument("--small", type=float, default=0.2, help="gigabytes that rest in memory")
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10, help="of a family in a turn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the files are made, and removed again")
    options = parser.parse_args()
    size = CHANNELS * options.resolution**2
    counts = [round(gb * 1e9 / size) for gb in (options.gigabytes, options.small)]
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=options.folder) as folder:
        paths = [Path(folder) / f"{name}.safetensors" for name in ("large", "small")]
        for path, n in zip(paths, counts, strict=True):
            pack_random(path, n, options.resolution)
        records = {
            family: measure(recipe, *paths, steps=options.steps, rounds=options.rounds)
            for family, recipe in shipped_recipes().items()
        }
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print(report(records, *(n * size for n in counts)))


if __name__ == "__main__":
    main()
