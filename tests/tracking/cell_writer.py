"""Writes the files of a cell as training and evaluation write them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

KEY = ("digits", "gan", 0)
CONFIGURATION = {
    "dataset": "digits",
    "recipe": "gan",
    "family": "gan",
    "seed": 0,
    "data_hash": "d" * 64,
    "networks": {"width": 16, "stages": [1, 2]},
    "objective": {"name": "relativistic_r1_r2", "note": "x" * 700},
}


@dataclass(frozen=True)
class CellWriter:
    """Writes what a training and an evaluation write, at the paths of the catalog."""

    project: Path
    key: tuple[str, str, int] = KEY

    def folder(self, layer: str) -> Path:
        path = self.project / "data" / layer / self.key[0] / self.key[1] / str(self.key[2])
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def scores_file(self) -> Path:
        dataset, recipe, seed = self.key
        cells = self.project / "data/08_reporting" / dataset / "cells"
        return cells / recipe / str(seed) / "scores.json"

    @property
    def live(self) -> Path:
        path = self.folder("06_models") / "live"
        (path / "previews").mkdir(parents=True, exist_ok=True)
        return path

    @property
    def configuration(self) -> dict[str, Any]:
        dataset, recipe, seed = self.key
        return CONFIGURATION | {"dataset": dataset, "recipe": recipe, "seed": seed}

    def start(self) -> None:
        write(self.live / "config.json", self.configuration)
        for name in ("history.jsonl", "timing.jsonl"):
            (self.live / name).write_text("")
        self.status("training")

    def status(self, state: str, error: str | None = None, pid: int | None = None) -> None:
        content = {"state": state, "pid": pid or os.getpid(), "error": error}
        write(self.live / "status.json", content)

    def rows(self, *steps: int, loss: float = 2.0) -> None:
        with (self.live / "history.jsonl").open("a") as history:
            for step in steps:
                row = {"step": step, "flops": step * 1e6, "images_seen": step * 64}
                row |= {"generator_loss": loss / step}
                history.write(json.dumps(row | {"validation_fd": 10.0 / step}) + "\n")
        with (self.live / "timing.jsonl").open("a") as timing:
            for step in steps:
                timing.write(json.dumps({"step": step, "seconds": step / 10}) + "\n")

    def preview(self, step: int) -> None:
        image = Image.new("L", (16, 16), step % 256)
        image.save(self.live / "previews" / f"step_{step:08d}.png")

    def outputs(self, status: str = "ok", error: str | None = None) -> None:
        dataset, recipe, seed = self.key
        cell = {
            "dataset": dataset,
            "recipe": recipe,
            "seed": seed,
            "status": status,
            "error": error,
            "family": "gan",
            "uses_labels": True,
            "data": {
                "channels": 1,
                "resolution": 8,
                "labelled": True,
                "types": {"names": ["0", "1"], "shares": [0.5, 0.5]},
            },
            "configuration": self.configuration,
            "configuration_hash": "c0ffee",
            "cost": {"training_flops": 3e6, "steps": 3},
            "best_step": 2,
        }
        write(self.folder("06_models") / "cell.json", cell)
        measured = {"seconds": 0.5, "peak_memory_bytes": 1024, "device": "cpu"}
        write(self.folder("06_models") / "measured.json", measured)

    def scores(self, fd: float = 1.5) -> None:
        content = {
            "judge": "classifier_12345678",
            "scores": {"fd": fd, "coverage": 0.8, "kid": None},
            "floors": {"fd": 0.25},
            "p_values": {"memorisation": 0.5},
        }
        write(self.scores_file, content)
        for name in ("grid", "grid_by_type"):
            Image.new("L", (8, 8), 7).save(self.folder("07_model_output") / f"{name}.png")


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
