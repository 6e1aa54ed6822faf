"""A trained cell served over HTTP, and drawn from to shards: how fast, how right, how much memory.

    python -m benchmarks.serving --dataset digits --recipe dgn

The cell is served by `mlflow models serve` with one worker process on loopback. Clients run beside
it on the same cores, each with one connection, and ask again as soon as they are answered, for some
seconds. Every answer is compared, byte for byte, with what the weights give for its seed: `lost`
were not answered with 200, `wrong` differ. For its memory the server is asked so many times, and
read while it waits. Then the same cell draws shards, in a process of its own for each format.
"""

import argparse
import json
import time
from collections.abc import Mapping
from io import StringIO
from itertools import count
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.clients import Exchange, press, request
from benchmarks.engine import machine
from benchmarks.isolation import in_own_process
from benchmarks.markdown import MIB, figure, table
from benchmarks.server import Server, served
from benchmarks.workloads import ROOT
from whichgen.drawing import draw
from whichgen.errors import WhichgenError
from whichgen.forms.images import ImageForm
from whichgen.networks import load_generator
from whichgen.serving import encoder
from whichgen.shards import FORMATS, Plan, write_shards
from whichgen.tracking.model import save_generator
from whichgen.training.devices import peak_memory_bytes

CLIENTS = (1, 8, 64)
SEEDS = 64
MEMORY_CLIENTS, MEMORY_READINGS = 8, 10


def exchanges(cell: Path, n: int, encoding: str) -> list[Exchange]:
    """Requests for n images, a seed each, with their answers as computed here."""
    from mlflow.pyfunc.scoring_server import predictions_to_json

    generator = load_generator(cell)
    made = []
    for seed in range(SEEDS):
        images, _ = draw(generator, n, torch.Generator().manual_seed(seed))
        text = StringIO()
        predictions_to_json(encoder(encoding, ImageForm.encodings)(images), text)
        body = request({"n": n, "seed": seed}, params={"encoding": encoding})
        made.append((body, text.getvalue().encode()))
    return made


def measure_load(server: Server, cell: Path, n: int, seconds: float) -> list[dict[str, Any]]:
    """Requests per second and latencies, by encoding and number of clients."""
    records = []
    for encoding in ImageForm.encodings:
        known = exchanges(cell, n, encoding)
        press(server.port, known, 8, count(), time.monotonic() + min(2.0, seconds))  # warm
        for clients in CLIENTS:
            began = time.monotonic()
            tally = press(server.port, known, clients, count(), began + seconds)
            took = time.monotonic() - began
            cuts = quantiles(tally.seconds, n=100, method="inclusive")
            records.append(
                {
                    "encoding": encoding, "clients": clients, "images": n,
                    "requests": len(tally.seconds),
                    "requests_per_second": len(tally.seconds) / took,
                    "latency_seconds": {"median": cuts[49], "p95": cuts[94], "p99": cuts[98]},
                    "lost": tally.lost, "wrong": tally.wrong,
                }
            )  # fmt: skip
    return records


def measure_memory(server: Server, cell: Path, n: int, requests: int) -> dict[str, Any]:
    """The server's resident bytes at its start and after each tenth of the requests."""
    known, step = exchanges(cell, n, "array"), max(1, requests // MEMORY_READINGS)
    resident, lost, wrong = {0: server.resident_bytes()}, 0, 0
    for done in range(step, requests + 1, step):
        numbers = iter(range(done - step, done))
        tally = press(server.port, known, MEMORY_CLIENTS, numbers, float("inf"))
        lost, wrong = lost + tally.lost, wrong + tally.wrong
        resident[done] = server.resident_bytes()
    return {"resident_bytes": resident, "lost": lost, "wrong": wrong, "images": n}


def draw_shards(cell: Path, form: str, n: int) -> dict[str, float]:
    """Images per second and the peak bytes of this process."""
    generator = load_generator(cell)
    plan = Plan(
        model="", weights="", n=n, shard_size=10_000, form=form, latent_seed=0, type_=None,
        truncation=1.0, type_names=tuple(map(str, range(generator.n_types))),
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        began = time.monotonic()
        write_shards(generator, plan, Path(folder), lambda n, before: None)
        took = time.monotonic() - began
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    peak = peak_memory_bytes(torch.device("cpu"))
    return {"images": n, "images_per_second": n / took, "bytes": size, "peak_memory_bytes": peak}


def report(results: Mapping[str, Any]) -> str:
    """Markdown tables of what was measured."""
    load = [
        [
            str(record["clients"]), record["encoding"], figure(record["requests_per_second"]),
            figure(record["requests_per_second"] * record["images"]),
            *(figure(1e3 * record["latency_seconds"][name]) for name in ("median", "p95", "p99")),
            str(record["lost"]), str(record["wrong"]),
        ]
        for record in results.get("load", ())
    ]  # fmt: skip
    header = ["clients", "encoding", "requests/s", "images/s", "median ms", "p95 ms", "p99 ms"]
    parts = [table([*header, "lost", "wrong"], load)] if load else []
    if memory := results.get("memory"):
        resident = memory["resident_bytes"]
        rows = [[f"{done:,}" for done in resident], [figure(b / MIB) for b in resident.values()]]
        parts += [table(["requests", *rows[0]], [["resident MiB", *rows[1]]])]
        parts += [f"{memory['lost']} lost, {memory['wrong']} wrong."]
    batch = [
        [form, f"{r['images']:,}", figure(r["images_per_second"]), figure(r["bytes"] / r["images"]),
         figure(r["peak_memory_bytes"] / MIB)]
        for form, r in results.get("shards", {}).items()
    ]  # fmt: skip
    if batch:
        parts += [table(["shards", "images", "images/s", "bytes an image", "peak MiB"], batch)]
    return "\n\n".join(parts)


def measure(options: argparse.Namespace, cell: Path) -> dict[str, Any]:
    """All that was asked for."""
    results: dict[str, Any] = {"machine": machine(), "cell": str(cell.relative_to(ROOT))}
    with TemporaryDirectory() as name:
        folder = Path(name)
        save_generator(cell, folder / "model")
        if "load" in options.parts or "memory" in options.parts:
            with served(str(folder / "model"), folder, workers=options.workers) as server:
                if "memory" in options.parts:  # first: it begins with a server that did nothing
                    results["memory"] = measure_memory(server, cell, options.n, options.requests)
                if "load" in options.parts:
                    results["load"] = measure_load(server, cell, options.n, options.seconds)
    if "shards" in options.parts:
        results["shards"] = {
            form: in_own_process(draw_shards, cell, form, options.images) for form in FORMATS
        }
    return results


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--recipe", default="dgn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=16, help="images a request asks for")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--requests", type=int, default=10_000, help="for the memory")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--images", type=int, default=100_000, help="drawn to shards")
    parser.add_argument("--parts", nargs="+", default=["load", "memory", "shards"],
                        choices=["load", "memory", "shards"])  # fmt: skip
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/serving.json")
    options = parser.parse_args()
    cell = ROOT / "data/06_models" / options.dataset / options.recipe / str(options.seed)
    try:
        load_generator(cell)
    except WhichgenError as error:
        raise SystemExit(str(error)) from None
    results = measure(options, cell)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(json.dumps(results, indent=1) + "\n")
    print(f"{report(results)}\n\nAll figures: {options.results}")


if __name__ == "__main__":
    main()
