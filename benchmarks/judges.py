"""What the judges of a dataset know, beside an untrained network and a projection of the pixels.

    python -m benchmarks.judges --dataset digits

- probe: accuracy on test images of a logistic regression fitted to the features of up to 10,000
  training images with their labels.
- dropped class: the Fréchet distance without the type that is missed least, over the distance with
  all types; 1 would be blind. Noise, blur, masking: the same ratio at the first level of each.
- gates: whether all of them are passed.
"""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from benchmarks.markdown import figure, table
from benchmarks.workloads import prepared
from whichgen.gates import check_judge
from whichgen.judges import judge_options
from whichgen.networks import Extractor, Modality, modality_of
from whichgen.networks.modalities.images import Images
from whichgen.training.autoencoder import fit_autoencoder
from whichgen.training.classifier import fit_classifier
from whichgen.training.seeding import seeded_initialisation, stream

MOST = 10_000
CORRUPTIONS = Images.corruptions  # the table's columns
Split = Mapping[str, Tensor]


def looks(
    options: Mapping[str, Any], train: Split, modality: Modality, n_types: int
) -> dict[str, Callable[[Tensor], Tensor]]:
    """Images to features, by name."""
    images, types = train["images"], train["types"]
    classifier = fit_classifier(
        images,
        types,
        modality=modality,
        n_types=n_types,
        title="classifier",
        **options["extractor"],
    )
    autoencoder = fit_autoencoder(
        images, modality=modality, title="autoencoder", **options["autoencoder"]
    )
    size = {name: options["autoencoder"][name] for name in ("width", "features")}
    with seeded_initialisation(0, "untrained"):
        untrained = Extractor(modality, **size)
    untrained.freeze(images[:MOST])
    directions = torch.randn(images[0].numel(), size["features"], generator=stream(0, "pixels"))
    return {
        "classifier": classifier.look,
        "autoencoder": autoencoder.look,
        "untrained network": untrained.look,
        "projected pixels": lambda images: images.flatten(1).float() / 255 @ directions,
    }


def row(
    name: str, look: Callable[[Tensor], Tensor], splits: Mapping[str, Split], names: list[str]
) -> list[str]:
    """One judge's line of the table."""
    train, validation, test = (splits[key] for key in ("train", "validation", "test"))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    probe.fit(look(train["images"][:MOST]), train["types"][:MOST])
    accuracy = probe.score(look(test["images"][:MOST]), test["types"][:MOST])
    gates = check_judge(look, reference=test["images"], images=validation["images"],
                        types=validation["types"], names=names,
                        corruptions=CORRUPTIONS)  # fmt: skip
    *graded, dropped = gates["checks"]
    ratios = [min(dropped["fd"]) / dropped["floor"]]
    ratios += [check["fd"][1] / check["fd"][0] for check in graded]
    passed = "passed" if gates["passed"] else "failed"
    return [name, f"{accuracy:.3f}", *(figure(ratio) for ratio in ratios), passed]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dataset", default="digits")
    dataset = parser.parse_args().dataset
    with prepared(dataset) as (parameters, catalog):
        options = judge_options(parameters.datasets[dataset])
        splits = {name: catalog.load(name) for name in ("train", "validation", "test")}
        info = catalog.load("info")
    names, modality = info["types"]["names"], modality_of(info)
    found = looks(options, splits["train"], modality, len(names))
    header = ["judge", "probe", "dropped class", "noise", "blur", "masking", "gates"]
    print(table(header, [row(name, look, splits, names) for name, look in found.items()]))


if __name__ == "__main__":
    main()
