"""Kill trainings at random moments, go on each time, compare the end with an unkilled one's.

    python benchmarks/kills.py --kills 100

Each family's shipped recipe trains on digits, on a small trunk, saving all the time. Every second
kill waits for a save to begin. A fifth as many stops by SIGTERM and by Ctrl-C each are mixed in.
When a training reaches its end before all kills are done, its weights, history and record are
compared with those of the unkilled one and the next begins. The exit code is 1 if any differ.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import torch
import yaml

from whichgen.networks import Classifier, modality_of
from whichgen.parameters import Trunk, parse_recipes
from whichgen.sources.digits import load
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import PART, Checkpoints
from whichgen.training.seeding import seeded_initialisation
from whichgen.training.spec import CellSpec

RECIPES = Path(__file__).parents[1] / "conf/base/parameters/recipes"
BUDGETS = {"gan": 1.2e10, "dgn": 2.4e10}
SHORT: dict[str, Any] = {"validations": 4, "rows": 16, "validation_images": 200}
SAVE_SECONDS = 0.02
END = "end.json"
CONTEXT = multiprocessing.get_context("forkserver")


def make_cell(family: str) -> tuple[CellSpec, dict[str, Any]]:
    """A small cell on digits, and what `train_cell` is given with it.

    Its judge was never fitted: it only has to be the same one each time.
    """
    digits = load(Path())
    split = {"images": torch.from_numpy(digits.images), "types": torch.from_numpy(digits.labels)}
    info = {
        "channels": 1, "resolution": 8, "labelled": True,
        "types": {"names": list(digits.type_names or ()), "shares": [0.1] * 10},
    }  # fmt: skip
    recipe = parse_recipes(
        yaml.safe_load((RECIPES / f"{family}/{family}.yml").read_text())["recipes"]
    )[family]
    changes: dict[str, Any] = {"training": recipe.training.model_copy(update=SHORT)}
    if recipe.family == "dgn" and recipe.encoder:
        changes["encoder"] = recipe.encoder.model_copy(update={"images_seen": 4000})
    with seeded_initialisation(0, "judge"):
        judge = Classifier(modality_of(info), n_types=10, width=8, features=16).eval()
    spec = CellSpec(
        dataset="digits", name=family, seed=0, recipe=recipe.model_copy(update=changes),
        trunk=Trunk(width=16, blocks=1), budget_flops=BUDGETS[family],
        data_hash="", extractor_hash="",
    )  # fmt: skip
    return spec, {
        "train_split": {name: tensor[:1000] for name, tensor in split.items()},
        "validation_split": {name: tensor[1000:] for name, tensor in split.items()},
        "info": info,
        "extractor": judge.requires_grad_(False),
    }  # fmt: skip


def train(family: str, folder: Path) -> None:
    """What a killed process was doing, and what goes on where it was: one and the same call."""
    torch.set_num_threads(1)
    with (folder / "log").open("a") as log:
        os.dup2(log.fileno(), 2)
    spec, arguments = make_cell(family)
    checkpoints = Checkpoints(folder / "checkpoints", spec.identity(), every_seconds=SAVE_SECONDS)
    trained, record, _ = train_cell(
        spec, **arguments, live=folder / "live", checkpoints=checkpoints
    )
    weights = trained.generator.state_dict().values()
    content = b"".join(tensor.numpy().tobytes() for tensor in weights)
    end = {
        "weights": hashlib.sha256(content).hexdigest(),
        "history": (folder / "live/history.jsonl").read_text(),
        "previews": sorted(path.name for path in (folder / "live/previews").iterdir()),
        "record": record,
    }
    (folder / END).write_text(json.dumps(end))
    checkpoints.discard()


def start(family: str, folder: Path) -> ForkServerProcess:
    """A process that trains in the folder."""
    folder.mkdir(exist_ok=True)
    process = CONTEXT.Process(target=train, args=(family, folder))
    process.start()
    return process


def half_written(folder: Path) -> int:
    """When, in ns, a checkpoint that is half written was last written to; 0 where there is none."""
    times = [0]
    for part in (folder / "checkpoints").glob(f"*/{PART}"):
        with suppress(FileNotFoundError):  # whole by now
            times.append(part.stat().st_mtime_ns)
    return max(times)


def strike(process: ForkServerProcess, number: signal.Signals) -> None:
    """Send the signal and wait for the end of the process."""
    assert process.pid is not None
    with suppress(ProcessLookupError):  # at its end by now
        os.kill(process.pid, number)
    process.join()


def torture(family: str, kills: int, folder: Path) -> tuple[Counter[str], bool]:
    """How often which signal struck, and whether every training ended in the same bytes."""
    began = time.monotonic()
    start(family, folder / "whole").join()
    longest = (time.monotonic() - began) / 8
    work, wanted = folder / "killed", (folder / "whole" / END).read_text()
    counts, same, rng = Counter[str](), True, random.Random(0)
    signals = [signal.SIGKILL] * kills + [signal.SIGTERM, signal.SIGINT] * (kills // 5)
    rng.shuffle(signals)
    while signals or work.exists():
        known = (0, half_written(work))
        process = start(family, work)
        process.join(rng.uniform(0, longest) if signals else None)
        while len(signals) % 2 and process.is_alive() and half_written(work) in known:
            time.sleep(0.0005)
        if alive := process.is_alive():
            strike(process, signals[-1])
        if process.exitcode == 0:
            counts["trainings"] += 1
            same &= (work / END).read_text() == wanted
            shutil.rmtree(work)
        elif alive:
            number = signals.pop()
            counts[number.name] += 1
            counts["saved first"] += process.exitcode == 128 + number
            counts["in a save"] += number == signal.SIGKILL and half_written(work) not in known
        else:
            raise RuntimeError((work / "log").read_text())
    return counts, same


def main() -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    kills = parser.parse_args().kills
    # The last is what torch's optimisers import at their first step. Each process has it all then.
    CONTEXT.set_forkserver_preload(["whichgen.training.cell", "sklearn.datasets", "torch._dynamo"])
    columns = ["SIGKILL", "in a save", "SIGTERM", "SIGINT", "saved first", "trainings"]
    print(f"| family | {' | '.join(columns)} | end |")
    print("|" + " --- |" * (len(columns) + 2))
    CONTEXT.Process(target=int).start()  # waits for the imports, which the next one then has
    good = True
    for family in BUDGETS:
        with tempfile.TemporaryDirectory() as folder:
            counted, same = torture(family, kills, Path(folder))
        counts = " | ".join(str(counted[column]) for column in columns)
        print(f"| {family} | {counts} | {'the same' if same else 'DIFFERENT'} |", flush=True)
        good &= same
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
