"""The file of a new dataset under conf/, with values to begin with."""

import json
import re
from pathlib import Path

import yaml

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset

FOLDER = Path("conf/base/parameters/datasets")
SOURCE = "image_folder"
SMALL = 12  # px: up to here images are no harder than the embedded digits
CLUSTERS = (
    "    clusters: 10          # types to make by k-means, for there are no labels; or auto\n"
)
TEMPLATE = """\
# {name}: imported by whichgen data add. What each key is: docs/data.md.
datasets:
  {name}:
    source: {{name: image_folder, resolution: {resolution}}}
    split: {{validation: 0.15, test: 0.15, seed: 0}}
{clusters}\
    extractor: {{width: 32, features: 64, images_seen: 100000, batch: 64, rate: 3.0e-3, seed: 0}}
    autoencoder: {{width: 32, features: 64, images_seen: 100000, batch: 128, rate: 2.0e-3, seed: 0}}
    external_judge: null  # or {{name: inception, weights: a file.onnx}}
    trunk: {{width: {width}, blocks: 1}}
    budget: {budget}      # training FLOPs of a cell
    licence: {licence}         # of the images; registered models tell it
"""


def check_name(name: str) -> None:
    """Raises WhichgenError unless the name can be that of a folder, a YAML key and a DVC stage."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", name) or yaml.safe_load(name) != name:
        raise WhichgenError(
            f"--name: '{name}' must begin with a letter and hold letters, digits, _ and - only, "
            "63 at most, and be no word of YAML's such as true"
        )


def configured(project: Path, name: str, licence: str | None = None) -> Dataset | None:
    """The dataset's configuration in its own file, None if there is no such file.

    Args:
        licence: that it should state, if any.

    Raises:
        WhichgenError: if its source does not read data/01_raw/NAME, or it states another licence.
    """
    path = project / FOLDER / f"{name}.yml"
    if not path.is_file():
        return None
    dataset = Dataset.model_validate(yaml.safe_load(path.read_text())["datasets"][name])
    if dataset.source.name != SOURCE:
        raise WhichgenError(
            f"--name: {path.relative_to(project)} says that {name} comes from "
            f"'{dataset.source.name}', not from imported images; choose another name"
        )
    if licence not in (None, dataset.licence):
        raise WhichgenError(
            f"--licence: {path.relative_to(project)} is there already and says "
            f"{json.dumps(dataset.licence)}; change `licence` in it, and leave the flag out"
        )
    return dataset


def write_configuration(
    project: Path, name: str, resolution: int, *, labelled: bool, licence: str | None = None
) -> None:
    """Write the dataset's file, whole or not at all."""
    width, budget = (48, "1.0e+12") if resolution <= SMALL else (96, "1.0e+13")
    text = TEMPLATE.format(
        name=name,
        resolution=resolution,
        width=width,
        budget=budget,
        clusters="" if labelled else CLUSTERS,
        licence=json.dumps(licence, ensure_ascii=False),  # which YAML reads as it was
    )
    path = project / FOLDER / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)
