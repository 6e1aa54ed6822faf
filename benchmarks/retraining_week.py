"""A week of scheduled retrainings on data that arrive and drift: is each day's decision right?

    python -m benchmarks.retraining_week --seeds 6

A project of its own, with a dataset of 8×8 digits in class folders at a tiny budget, is retrained
by `whichgen retrain` once for each of seven days; its fetch command mirrors a folder in which a
day's images have arrived. What each day must decide was written down before. It prints the table
of `docs/retraining.md`; the exit code is 1 if a decision is another one.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.workloads import ROOT

Images = npt.NDArray[np.uint8]
NAME = "arriving"
TYPES = range(4)
RECORDS = f"data/08_reporting/{NAME}/retraining"
DATASET = """\
datasets:
  arriving:
    source: {name: image_folder, resolution: 8}
    split: {validation: 0.25, test: 0.25, seed: 0}
    extractor: {width: 16, features: 16, images_seen: 8000, batch: 64, rate: 3.0e-3, seed: 0}
    autoencoder: {width: 16, features: 16, images_seen: 4000, batch: 64, rate: 2.0e-3, seed: 0}
    external_judge: null
    trunk: {width: 16, blocks: 1}
    threads: 1
    budget: 2.0e+10
"""
FETCH = "rm -rf data/01_raw/$WHICHGEN_DATASET && cp -r incoming data/01_raw/$WHICHGEN_DATASET"


@dataclass(frozen=True)
class Day:
    """What lies in the mirrored folder on a day, and what is to be decided.

    Attributes:
        folders: class → images (N, 8, 8).
        decision, stage: of the record. trigger: words that its triggers or reasons must hold.
    """

    title: str
    folders: Mapping[str, Images]
    decision: str
    stage: str
    trigger: str


def week() -> list[Day]:
    """The seven days."""
    first, more, rest = (0, 90), (90, 130), (130, 170)
    grown = {**digits(first, more)}
    dim = {name: (images * 0.6).astype(np.uint8) for name, images in digits(first, rest).items()}
    moved = {name: np.concatenate([grown[name], dim[name]]) for name in grown}
    last = digits(rest)
    return [
        Day("first data", digits(first), "promoted", "end", "the first"),
        Day("more of the same", grown, "kept", "end", "the raw data changed"),
        Day("the same files again", grown, "nothing_to_do", "end", "neither"),
        Day("an empty folder", {}, "failed", "validation", "holds no images"),
        Day("a class that is not one of them", grown | {"7": digits(first, types=[7])["7"]},
            "failed", "validation", "unknown type 7"),
        Day("as many images as before, darker", moved, "promoted", "end", "drifted"),
        Day("a few more, as in the beginning",
            {name: np.concatenate([moved[name], last[name]]) for name in moved},
            "kept", "end", "the raw data changed"),
    ]  # fmt: skip


def digits(*parts: tuple[int, int], types: Any = TYPES) -> dict[str, Images]:
    """Class → those parts of its images (N, 8, 8), in an order of no meaning."""
    bunch = load_digits()
    pixels = np.round(bunch.images * (255 / 16)).astype(np.uint8)
    chosen = {}
    for kind in types:
        mine = np.random.default_rng(0).permutation(pixels[bunch.target == kind])
        chosen[str(kind)] = np.concatenate([mine[low:high] for low, high in parts])
    return chosen


def arrive(folder: Path, folders: Mapping[str, Images]) -> None:
    """Let the folder hold these images as PNG files, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, images in folders.items():
        (folder / name).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(folder / name / f"{number:03}.png")


def make_project(folder: Path, seeds: int) -> Path:
    """This project's files in a repository of their own, its grid the week's dataset."""
    shown = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(shown, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if name != "dvc.lock" and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / f"conf/base/parameters/datasets/{NAME}.yml").write_text(DATASET)
    edit(folder / "conf/base/parameters_sweep.yml", r"datasets: .*", f"datasets: [{NAME}]")
    edit(folder / "conf/base/parameters_sweep.yml", r"seeds: .*", f"seeds: {[*range(seeds)]}")
    edit(
        folder / "conf/base/parameters_retraining.yml", r"fetch: .*", f"fetch: {{{NAME}: {FETCH}}}"
    )
    edit(
        folder / "conf/base/parameters/recipes/dgn/dgn.yml",
        r"images_seen: \d+",
        "images_seen: 1200",
    )
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def edit(path: Path, pattern: str, replacement: str) -> None:
    """Replace what is there once.

    Raises:
        ValueError: if it is not.
    """
    text, changes = re.subn(pattern, replacement, path.read_text())
    if changes != 1:
        raise ValueError(f"{path}: {pattern} {changes} times")
    path.write_text(text)


def retrain(project: Path) -> tuple[int, dict[str, Any]]:
    """Run the command as a schedule does: its exit code and the record that it wrote."""
    before = set(records(project))
    command = [sys.executable, "-c", "from whichgen.cli import cli; cli()", "retrain"]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    done = subprocess.run(
        [*command, "--dataset", NAME],
        cwd=project,
        env=environment,
        capture_output=True,
        check=False,
    )
    written = sorted(set(records(project)) - before)
    if len(written) != 1:
        raise RuntimeError(f"{len(written)} records: {done.stderr.decode(errors='replace')}")
    return done.returncode, json.loads(written[0].read_text())


def records(project: Path) -> list[Path]:
    """The records, oldest first."""
    return sorted((project / RECORDS).glob("2*.json"))


def wrong(day: Day, code: int, record: Mapping[str, Any]) -> list[str]:
    """What of the record is not as it must be."""
    told = " ".join([*record["triggers"], *record["reasons"]])
    expected = {"decision": day.decision, "stage": day.stage, "exit": int(day.decision == "failed")}
    found = {"decision": record["decision"], "stage": record["stage"], "exit": code}
    differs = [
        f"{key} {found[key]}, not {expected[key]}"
        for key in expected
        if found[key] != expected[key]
    ]
    return differs + ([] if day.trigger in told else [f"nothing of '{day.trigger}' in: {told}"])


def row(number: int, day: Day, record: Mapping[str, Any]) -> str:
    """Its line of the table."""
    drift = record["drift"]
    measured = f"{drift['distance']:.3f} (p = {drift['p_value']:.2g})" if drift else ""
    champion = (record["promotion"] or {}).get("champion_after") or ""
    seconds = sum(record["seconds"].values())
    cells = [
        str(number),
        day.title,
        measured,
        record["decision"],
        champion,
        "; ".join(record["reasons"]),
    ]
    return "| " + " | ".join([*cells, f"{seconds:.0f}"]) + " |"


def live_through(project: Path, days: list[Day], say: Callable[[str], None]) -> list[str]:
    """Retrain on each day; what was decided wrongly."""
    faults = []
    say("| day | in the folder | drift | decision | champion | reason | s |")
    say("| --- | --- | --- | --- | --- | --- | ---: |")
    for number, day in enumerate(days, 1):
        arrive(project / "incoming", day.folders)
        code, record = retrain(project)
        say(row(number, day, record))
        faults += [f"day {number}: {fault}" for fault in wrong(day, code, record)]
    return faults


def main() -> None:
    """Print the table; exit with 1 where a decision is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="fewer than 6 decide nothing")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="whichgen-week-") as folder:
        faults = live_through(make_project(Path(folder), arguments.seeds), week(), print)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
