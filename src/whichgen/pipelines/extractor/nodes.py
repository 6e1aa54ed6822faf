"""Fit the judge, look at the real data through it, measure its floors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset
from whichgen.pipelines.data.nodes import preparation

if TYPE_CHECKING:
    from torch import Tensor

    from whichgen.networks import Classifier


def check_preparation(dataset: Dataset, info: dict[str, Any]) -> dict[str, Any]:
    """The dataset's description, if the packed data are those that the configuration asks for.

    Raises:
        WhichgenError: if the configuration has changed since they were packed.
    """
    wanted, there = preparation(dataset), info["configuration"]
    if wanted != there:
        changed = ", ".join(key for key in wanted if wanted[key] != there.get(key))
        raise WhichgenError(
            f"datasets.{info['name']}: {changed} changed since the data were packed; "
            f"run: kedro run --pipelines=data,extractor --params dataset={info['name']}"
        )
    return info


def fit_extractor(
    dataset: Dataset, info: dict[str, Any], train: dict[str, Tensor], device: str
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A classifier of the types: its weights, and its card (name, hash, configuration)."""
    from whichgen.training.classifier import fit_classifier
    from whichgen.training.devices import choose_device

    options = dataset.extractor.model_dump()
    where = choose_device(device)
    net = fit_classifier(
        train["images"].to(where),
        train["types"].to(where),
        n_types=len(info["types"]["names"]),
        title=f"judge of {info['name']}",
        **options,
    )
    weights = {name: tensor.cpu() for name, tensor in net.state_dict().items()}
    content = b"".join(tensor.numpy().tobytes() for tensor in weights.values())
    card = {
        "extractor_hash": hashlib.sha256(content).hexdigest()[:16],
        "data_hash": info["data_hash"],
        "configuration": options,
    }
    return weights, card


def rebuild_extractor(
    weights: dict[str, Tensor], card: dict[str, Any], info: dict[str, Any], dataset: Dataset
) -> Classifier:
    """The judge in evaluation mode, on the CPU.

    Raises:
        WhichgenError: if it was fitted to other data or with another configuration.
    """
    from whichgen.networks import Classifier

    wanted = dataset.extractor.model_dump()
    if card["data_hash"] != info["data_hash"] or card["configuration"] != wanted:
        raise WhichgenError(
            f"datasets.{info['name']}.extractor: the data or this configuration changed since the "
            f"judge was fitted; run: kedro run --pipelines=extractor "
            f"--params dataset={info['name']}"
        )
    return Classifier.from_weights(weights, info["resolution"])


def extract_real_features(
    extractor: Classifier,
    train: dict[str, Tensor],
    validation: dict[str, Tensor],
    test: dict[str, Tensor],
) -> dict[str, Tensor]:
    """Features (N, d) and recognised types (N,) of three real sets of equal size N.

    N is that of the smaller held-out split (at most that of the training split): `test` is what
    scores are measured against, `validation` gives the floors, `train` shows memorisation.
    """
    n = min(len(train["types"]), len(validation["types"]), len(test["types"]))
    judged = {}
    for name, split in (("train", train), ("validation", validation), ("test", test)):
        judged[f"{name}_features"], judged[f"{name}_recognised"] = extractor.judge(
            split["images"][:n]
        )
        judged[f"{name}_types"] = split["types"][:n]
    return judged


def measure_floors(real: dict[str, Tensor], info: dict[str, Any]) -> dict[str, Any]:
    """Every score with the validation split in the place of generated images."""
    from whichgen.evaluation import score_features

    return score_features(
        fake=real["validation_features"].numpy(),
        asked=real["validation_types"].numpy(),
        recognised=real["validation_recognised"].numpy(),
        real={name: tensor.numpy() for name, tensor in real.items()},
        n_types=len(info["types"]["names"]),
    )["scores"]
