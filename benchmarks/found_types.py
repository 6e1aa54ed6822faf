"""How well the types found without labels are the labelled ones.

    python -m benchmarks.found_types --dataset digits

k-means on training images by 32 principal components of their pixels, and by the encoder without
labels, over several seeds. Purity: the share of images that are of their cluster's commonest label.
AMI: adjusted mutual information (Vinh et al. 2010); 0 is chance, 1 is the labels. The labels are
asked for these figures only. Cost: FLOPs of the encoder's training, as a share of a cell's budget.
"""

import argparse
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score
from torch import Tensor

from benchmarks.markdown import table
from benchmarks.workloads import prepared
from whichgen.networks import modality_of
from whichgen.training.contrastive import embed, fit_contrastive

COUNTS, SEEDS, MOST, COMPONENTS = (10, 20), (0, 1, 2), 10_000, 32
Points = npt.NDArray[Any]


def pixels(images: Tensor, seed: int) -> Points:
    """(N, 32) principal components."""
    flat = images.flatten(1).numpy() / np.float32(255)
    components: Points = PCA(COMPONENTS, random_state=seed).fit_transform(flat)
    return components


def agreement(points: Points, labels: Points, k: int, seed: int) -> tuple[float, float]:
    """Purity and AMI of k clusters."""
    found = KMeans(k, n_init=10, random_state=seed).fit(points).labels_
    alike = sum(np.bincount(labels[found == cluster]).max() for cluster in range(k))
    return alike / len(labels), float(adjusted_mutual_info_score(labels, found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="digits")
    name = parser.parse_args().dataset
    with prepared(name) as (parameters, catalog):
        dataset, train = parameters.datasets[name], catalog.load("train")
        modality = modality_of(catalog.load("info"))
    images, labels = train["images"][:MOST], train["types"][:MOST].numpy()
    spent: list[int] = []

    def encoded(images: Tensor, seed: int) -> Points:
        settings = dataset.type_encoder.model_dump() | {"seed": seed}
        net, flops = fit_contrastive(
            images, modality=modality, title=f"encoder, seed {seed}", **settings
        )
        spent.append(flops)
        features: Points = embed(net, images).numpy()
        return features

    ways: dict[str, Callable[[Tensor, int], Points]] = {"pixels": pixels, "encoder": encoded}
    rows = []
    for way, see in ways.items():
        seen = {seed: see(images, seed) for seed in SEEDS}
        for k in COUNTS:
            both = zip(*(agreement(seen[seed], labels, k, seed) for seed in SEEDS), strict=True)
            rows.append([way, str(k), *(f"{median(figures):.3f}" for figures in both)])
    print(table(["clustered by", "clusters", "purity", "AMI"], rows))
    share = spent[0] / dataset.budget
    print(f"\nThe encoder takes {spent[0]:.2g} FLOPs, {100 * share:.0f} % of a cell's budget.")


if __name__ == "__main__":
    main()
