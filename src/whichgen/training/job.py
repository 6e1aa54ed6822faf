"""What the processes that train one cell together are given, and what they hand back: files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from whichgen.networks import Judge, judge_from_weights, modality_of
from whichgen.training.loop import Trained
from whichgen.training.packed import Rest, load_split
from whichgen.training.spec import CellSpec
from whichgen.training.watchers import Row

JOB, EXTRACTOR, RESULTS, GENERATOR = (
    "job.json", "extractor.safetensors", "results.json", "generator.safetensors",
)  # fmt: skip
PROBLEM, STOPPED = "problem", "stopped.json"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A cell to train, and where; JSON in a folder, beside the judge's weights.

    Attributes:
        spec, info: of the cell and of its data. device: its name in the parameters.
        data: the folder that holds `train.safetensors` and `validation.safetensors`.
        rest: where the training images rest, see `PackedImages`.
        live, checkpoints: the cell's folders. saving: the options of its `Checkpoints`.
    """

    spec: CellSpec
    info: dict[str, Any]
    device: str
    data: Path
    rest: Rest
    live: Path
    checkpoints: Path
    saving: dict[str, Any]

    def write(self, folder: Path, extractor: Judge) -> None:
        """Into the folder, with the judge."""
        content = {
            "configuration": self.spec.configuration(),
            "info": self.info,
            "device": self.device,
            "data": str(self.data),
            "rest": self.rest,
            "live": str(self.live),
            "checkpoints": str(self.checkpoints),
            "saving": self.saving,
        }
        (folder / JOB).write_text(json.dumps(content))
        _save(extractor.state_dict(), folder / EXTRACTOR)

    @classmethod
    def read(cls, folder: Path) -> "Job":
        """From the folder."""
        content = json.loads((folder / JOB).read_text())
        return cls(
            spec=CellSpec.from_configuration(content["configuration"]),
            info=content["info"],
            device=content["device"],
            data=Path(content["data"]),
            rest=content["rest"],
            live=Path(content["live"]),
            checkpoints=Path(content["checkpoints"]),
            saving=content["saving"],
        )

    def train_split(self) -> dict[str, Any]:
        """See `load_split`."""
        return load_split(self.data / "train.safetensors", self.rest)

    def validation_split(self) -> dict[str, Tensor]:
        """`images` (N, *shape), stored, and `types` (N,)."""
        return load_file(self.data / "validation.safetensors")

    def extractor(self, folder: Path) -> Judge:
        """The judge that lies in the job's folder."""
        return judge_from_weights(load_file(folder / EXTRACTOR), modality_of(self.info))


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a training leaves: weights, the cell's record, the history with the seconds, costs."""

    weights: dict[str, Tensor]
    record: dict[str, Any]
    history: list[Row]
    seconds: list[float]
    measured: dict[str, Any]

    @classmethod
    def of(cls, trained: Trained, record: dict[str, Any], measured: dict[str, Any]) -> "Results":
        """Of what `train_cell` returns."""
        return cls(
            weights=trained.generator.state_dict(), record=record, history=trained.history,
            seconds=trained.seconds, measured=measured,
        )  # fmt: skip

    def write(self, folder: Path) -> None:
        """Into the folder."""
        _save(self.weights, folder / GENERATOR)
        names = ("record", "history", "seconds", "measured")
        (folder / RESULTS).write_text(json.dumps({name: getattr(self, name) for name in names}))

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """From the folder."""
        content = json.loads((folder / RESULTS).read_text())
        return cls(weights=load_file(folder / GENERATOR), **content)


def _save(weights: dict[str, Tensor], path: Path) -> None:
    save_file({name: tensor.cpu().contiguous() for name, tensor in weights.items()}, path)
