"""A project whose digits were packed and judged, and raw images that may come next."""

import json

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from safetensors.torch import save_file

from tests.datasets.forms import CLASSES
from tests.digits import GREY, NAMES, digit_splits
from whichgen.parameters import parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.splits import content_hashes
from whichgen.training.classifier import fit_classifier


@pytest.fixture(scope="session")
def packed_digits(tmp_path_factory):
    """A folder with packed digits (train and validation), their index and their judge."""
    project, splits = tmp_path_factory.mktemp("packed"), digit_splits()
    folders = [project / "data" / name / "digits" for name in ("05_model_input", "03_primary")]
    for folder in (*folders, project / "data/06_models/digits"):
        folder.mkdir(parents=True)
    info = {"channels": 1, "resolution": 8, "labelled": True, "types": {"names": NAMES}}
    (folders[0] / "info.json").write_text(json.dumps(info))
    save_file(splits["validation"], folders[0] / "validation.safetensors")
    tables = [
        pd.DataFrame({
            "split": name,
            "type": splits[name]["types"].numpy(),
            "hash": content_hashes(splits[name]["images"].numpy()),
        })
        for name in ("train", "validation")
    ]  # fmt: skip
    pd.concat(tables).to_csv(folders[1] / "index.csv", index=False)
    judge = fit_classifier(
        splits["train"]["images"],
        splits["train"]["types"],
        modality=GREY,
        n_types=10,
        title="classifier of digits",
        **{"width": 16, "features": 32, "images_seen": 15000, "batch": 64, "rate": 3e-3, "seed": 0},
    )
    weights = {name: tensor.contiguous() for name, tensor in judge.state_dict().items()}
    save_file(weights, project / "data/06_models/digits/extractor.safetensors")
    return project


@pytest.fixture(scope="session")
def splits():
    return {
        name: {key: tensor.numpy() for key, tensor in split.items()}
        for name, split in digit_splits().items()
    }


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def raw_parameters():
    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])


@pytest.fixture
def parameters(raw_parameters):
    return parse_parameters(raw_parameters)


@pytest.fixture
def images(rng):
    """Twenty different grey images (20, 8, 8)."""
    return rng.integers(0, 256, (20, 8, 8), dtype=np.uint8)


@pytest.fixture
def labels():
    """Five images of each class."""
    return np.array(CLASSES * 5)
