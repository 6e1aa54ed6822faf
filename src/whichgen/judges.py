"""The judges of a dataset: which they are, how they are fitted, and how they are loaded again."""

import hashlib
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from whichgen.errors import WhichgenError
from whichgen.networks import Extractor, Modality, TypedExtractor, modality_of
from whichgen.networks.external import ExternalExtractor, external_name
from whichgen.parameters import Dataset, ExternalJudge
from whichgen.training.autoencoder import fit_autoencoder
from whichgen.training.classifier import fit_classifier

Weights = dict[str, Tensor]


class SecondJudge(Protocol):
    """What a second judge can do: stored samples (N, *shape) → features (N, d)."""

    def look(self, images: Tensor) -> Tensor: ...


def judge_options(dataset: Dataset) -> dict[str, Any]:
    """What the configuration says of the judges, in full."""
    options = dataset.model_dump(include={"extractor", "external_judge"})
    return options | {"autoencoder": (dataset.autoencoder or dataset.extractor).model_dump()}


def fit_judges(
    dataset: Dataset, info: dict[str, Any], train: dict[str, Tensor], device: torch.device
) -> tuple[Weights, Weights, dict[str, Any]]:
    """The judge's weights, the second judge's (none if it comes from elsewhere), and their card.

    With labels the judge is the classifier, and the autoencoder the second one unless one from
    elsewhere is asked for. Without labels the judge is the autoencoder; a classifier of the
    clusters recognises types for it, and a second judge can only come from elsewhere.

    Raises:
        WhichgenError: if the file of a judge from elsewhere is missing, or if it does not take
            such samples.
    """
    modality = modality_of(info)
    external = _external(dataset.external_judge, modality)
    options, images = judge_options(dataset), train["images"].to(device)
    classifier = fit_classifier(
        images,
        train["types"].to(device),
        modality=modality,
        n_types=len(info["types"]["names"]),
        title=f"classifier of {info['name']}",
        **options["extractor"],
    )
    kind, weights = "classifier", _weights(classifier)
    second: Weights = {}
    if external is None or not info["labelled"]:
        autoencoder = fit_autoencoder(
            images,
            modality=modality,
            title=f"autoencoder of {info['name']}",
            **options["autoencoder"],
        )
        if info["labelled"]:
            second = _weights(autoencoder)
        else:
            kind, weights = "autoencoder", _weights(TypedExtractor(autoencoder, classifier))
    card = {
        "judge": f"{kind}_{_hash(weights)[:8]}",
        "second": external or (f"autoencoder_{_hash(second)[:8]}" if second else None),
        "extractor_hash": _hash(weights),
        "data_hash": info["data_hash"],
        "configuration": options,
    }
    return weights, second, card


def rebuild_second_judge(
    weights: Weights, name: str | None, dataset: Dataset, info: dict[str, Any]
) -> dict[str, SecondJudge]:
    """The second judge by its name, or nothing where there is none.

    Raises:
        WhichgenError: if it comes from elsewhere and its file is missing or another one.
    """
    if name is None:
        return {}
    if dataset.external_judge is not None:
        return {name: ExternalExtractor(dataset.external_judge, expected=name)}
    return {name: Extractor.from_weights(weights, modality_of(info))}


def distance_name(judge: str) -> str:
    """The name of the Fréchet distance in a judge's features; FID is that of Inception alone."""
    return f"{'fid' if judge.startswith('inception_') else 'fd'}_{judge}"


def _external(judge: ExternalJudge | None, modality: Modality) -> str | None:
    """The name of the judge from elsewhere, where there is one."""
    if judge is None:
        return None
    if judge.name not in modality.external_judges:
        raise WhichgenError(
            f"external_judge: {judge.name} does not take a {modality.form.noun}; use null"
        )
    return external_name(judge)


def _weights(network: nn.Module) -> Weights:
    return {name: tensor.cpu() for name, tensor in network.state_dict().items()}


def _hash(weights: Weights) -> str:
    """The first 16 hex digits of the SHA-256 of all weights."""
    content = b"".join(tensor.numpy().tobytes() for tensor in weights.values())
    return hashlib.sha256(content).hexdigest()[:16]
