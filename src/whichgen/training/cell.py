"""One cell: a dataset, a recipe and a seed, trained under a budget."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from whichgen.networks import Classifier
from whichgen.parameters import DgnRecipe, GanRecipe, Trunk
from whichgen.training.build import build_update
from whichgen.training.devices import peak_memory_bytes
from whichgen.training.flops import count_flops
from whichgen.training.live import LiveFiles
from whichgen.training.loop import Plan, Trained, Update, train
from whichgen.training.progress import ProgressReport
from whichgen.training.seeding import stream
from whichgen.training.validation import validator
from whichgen.training.watchers import Watchers


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """All that decides how a cell is trained; two equal specs give the same weights.

    Attributes:
        dataset, name, seed: the cell's name; `name` is the recipe's.
        recipe, trunk: the networks and the objective. budget_flops: training FLOPs to spend.
        data_hash, extractor_hash: of the training data and of the judge that validates.
    """

    dataset: str
    name: str
    seed: int
    recipe: GanRecipe | DgnRecipe
    trunk: Trunk
    budget_flops: float
    data_hash: str
    extractor_hash: str

    @property
    def title(self) -> str:
        """For a person: `dgn on digits, seed 3`."""
        return f"{self.name} on {self.dataset}, seed {self.seed}"

    def configuration(self) -> dict[str, Any]:
        """The spec as plain JSON types."""
        return {
            "dataset": self.dataset,
            "recipe": self.name,
            "seed": self.seed,
            "budget_flops": self.budget_flops,
            "trunk": self.trunk.model_dump(mode="json"),
            "data_hash": self.data_hash,
            "extractor_hash": self.extractor_hash,
            **self.recipe.model_dump(mode="json"),
        }

    def hash(self) -> str:
        """The first 16 hex digits of the configuration's SHA-256."""
        text = json.dumps(self.configuration(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def train_cell(
    spec: CellSpec,
    *,
    train_split: dict[str, Tensor],
    validation_split: dict[str, Tensor],
    info: dict[str, Any],
    extractor: Classifier,
    live: Path,
) -> tuple[Trained, dict[str, Any], dict[str, Any]]:
    """Train the cell on the device of the training images.

    Args:
        train_split, validation_split: `images` (N, C, R, R) uint8 and `types` (N,) int64.
        info: the dataset's description. extractor: in evaluation mode, on the same device.
        live: the folder for the files that can be watched while it trains.

    Returns:
        The trained generator with its history, the cell's record (the same on every run), and the
        measured record (seconds, memory).
    """
    update = build_update(
        spec.recipe,
        spec.trunk,
        images=train_split["images"],
        types=train_split["types"],
        info=info,
        seed=spec.seed,
    )
    training = spec.recipe.training
    validate = validator(
        extractor,
        validation_split["images"],
        validation_split["types"],
        n=training.validation_images,
        seed=spec.seed,
    )
    plan = Plan(
        budget_flops=spec.budget_flops,
        validations=training.validations,
        rows=training.rows,
        ema_decay=training.ema_decay,
        warmup=training.warmup,
        final_rate=training.final_rate,
    )
    files = LiveFiles(live, spec.configuration(), spec.seed)
    bar = ProgressReport(spec.title, update.images_per_step)
    try:
        trained = train(update, plan, validate, Watchers([files, bar]))
    except BaseException as error:
        files.status("failed", f"{type(error).__name__}: {error}")
        raise
    finally:
        bar.close()
    files.status("failed" if trained.error else "finished", trained.error)
    return trained, _record(spec, trained, update, info), _measured(trained, update)


def _record(
    spec: CellSpec, trained: Trained, update: Update, info: dict[str, Any]
) -> dict[str, Any]:
    """What the training was and cost, the same bytes on every run."""
    last = trained.history[-1] if trained.history else {"step": 0, "flops": 0, "images_seen": 0}
    sampling = count_flops(lambda: trained.generator.sample(1, stream(spec.seed, "count")))
    kept = ("channels", "resolution", "labelled", "types")
    return {
        "dataset": spec.dataset,
        "recipe": spec.name,
        "family": spec.recipe.family,
        "seed": spec.seed,
        "status": "failed" if trained.error else "ok",
        "error": trained.error,
        "uses_labels": info["labelled"],
        "configuration": spec.configuration(),
        "configuration_hash": spec.hash(),
        "data": {name: info[name] for name in kept},
        "data_hash": spec.data_hash,
        "extractor_hash": spec.extractor_hash,
        "budget_flops": spec.budget_flops,
        "best_step": trained.best_step,
        "cost": {
            "training_flops": last["flops"],
            "flops_per_step": trained.flops_per_step,
            "steps": last["step"],
            "images_seen": last["images_seen"],
            "generator_parameters": _size(trained.generator),
            "training_parameters": _size(update.trained),
            "sampling_flops_per_image": sampling,
        },
    }


def _size(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def _measured(trained: Trained, update: Update) -> dict[str, Any]:
    """What differs from run to run: kept in a file of its own."""
    device = next(update.trained.parameters()).device
    seconds = trained.seconds[-1] if trained.seconds else 0.0
    images = trained.history[-1]["images_seen"] if trained.history else 0
    return {
        "seconds": seconds,
        "images_per_second": images / seconds if seconds else 0.0,
        "peak_memory_bytes": peak_memory_bytes(device),
        "device": str(device),
        "threads": torch.get_num_threads(),
    }
