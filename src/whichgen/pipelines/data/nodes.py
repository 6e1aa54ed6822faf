"""Read a source, split it, pack the splits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.parameters import Dataset

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from torch import Tensor

    from whichgen.sources import LabelledImages

SPLITS = ("train", "validation", "test")
HASHED = 4096  # images at a time
PREPARATION = {"modality", "source", "split", "clusters", "type_encoder"}


def choose_dataset(name: str, datasets: dict[str, Any]) -> Dataset:
    """The configuration of the dataset by that name (known: the parameters were checked)."""
    return Dataset.model_validate(datasets[name])


def read_source(dataset: Dataset, raw_folder: Path) -> LabelledImages:
    """The images of the dataset's source, in a fixed order.

    Raises:
        WhichgenError: if the source's files are missing or not what they should be.
    """
    from whichgen.sources import load_source

    source = dataset.source
    return load_source(source.name, raw_folder, source.arguments(), dataset.modality)


def split_images(
    images: LabelledImages, dataset: Dataset, device: str
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table of all images: index, split, type, source, hash.

    Without labels the types are clusters of the training split, to which the others are assigned.

    Returns:
        The table, and how the clusters were made: `encoder_flops`, and the `silhouettes` of each
        number of clusters tried, where one was chosen; {} for labels.

    Raises:
        WhichgenError: if a type has too few images for the split.
    """
    from whichgen.clustering import choose_count, cluster_names, cluster_types
    from whichgen.splits import require_types, split_index

    split, made = dataset.split, dict[str, Any]()
    index = split_index(
        images, images.labels, validation=split.validation, test=split.test, seed=split.seed
    )
    if images.labels is None:
        in_training = (index["split"] == "train").to_numpy()
        features, made["encoder_flops"] = _encode(images, in_training, dataset, device)
        k = dataset.clusters
        if k == "auto":
            k, silhouettes = choose_count(features, in_training, seed=split.seed)
            made["silhouettes"] = {str(count): value for count, value in silhouettes.items()}
        index["type"] = cluster_types(features, in_training, k=k, seed=split.seed)
        require_types(index, cluster_names(k))
    return index, made


def _encode(
    images: LabelledImages, in_training: npt.NDArray[np.bool_], dataset: Dataset, device: str
) -> tuple[npt.NDArray[np.float32], int]:
    """All samples as vectors that are the nearer the more alike, and the FLOPs that took.

    Features of an encoder fitted to the training split, where the modality needs one.
    """
    import torch

    from whichgen.forms import measure_form
    from whichgen.networks import modality_of
    from whichgen.training.contrastive import embed, fit_contrastive
    from whichgen.training.devices import choose_device

    training, every = images.images[in_training], torch.from_numpy(images.images)
    modality = modality_of(measure_form(dataset.modality, training))
    if (features := modality.likeness(every)) is not None:
        return features.numpy(), 0
    net, flops = fit_contrastive(
        torch.from_numpy(training).to(choose_device(device)),
        modality=modality,
        title="encoder of types",
        **dataset.type_encoder.model_dump(),
    )
    return embed(net, every).numpy(), flops


def pack_splits(
    images: LabelledImages, index: pd.DataFrame
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """Training, validation and test split: `images` (N, *shape), `types` (N,) int64.

    The held-out splits are shuffled by content, so that the first n of them are a fair sample.
    """
    import torch

    packed = []
    for name in SPLITS:
        rows = index[index["split"] == name].sort_values(["hash", "index"])
        chosen = torch.from_numpy(rows["index"].to_numpy().copy())
        types = torch.from_numpy(rows["type"].to_numpy().copy())
        packed.append({"images": torch.from_numpy(images.images)[chosen], "types": types})
    return packed[0], packed[1], packed[2]


def describe_dataset(
    name: str,
    dataset: Dataset,
    images: LabelledImages,
    train: dict[str, Tensor],
    validation: dict[str, Tensor],
    test: dict[str, Tensor],
    clusters: dict[str, Any],
) -> dict[str, Any]:
    """What is known of the dataset: its form, types and their shares, counts, hash of all tensors.

    Where the types are clusters, `types` says how they were made (see `split_images`).
    """
    import torch

    from whichgen.clustering import cluster_names
    from whichgen.forms import measure_form

    names = images.type_names or cluster_names(int(train["types"].max()) + 1)
    counts = torch.bincount(train["types"], minlength=len(names))
    digest = hashlib.sha256()
    for split in (train, validation, test):
        for tensor in (split["images"], split["types"]):
            for part in tensor.split(HASHED):
                digest.update(part.numpy().tobytes())
    return {
        "name": name,
        **measure_form(dataset.modality, train["images"]),
        "labelled": images.labels is not None,
        "types": {"names": list(names), "shares": (counts / counts.sum()).tolist()} | clusters,
        "counts": {
            "train": len(train["types"]),
            "validation": len(validation["types"]),
            "test": len(test["types"]),
        },
        "data_hash": digest.hexdigest()[:16],
        "configuration": preparation(dataset),
        **({"modes": images.modes.to_dict()} if images.modes else {}),
    }


def preparation(dataset: Dataset) -> dict[str, Any]:
    """The part of the configuration on which the packed data depends."""
    return dataset.model_dump(mode="json", include=PREPARATION)
