"""The shipped settings, and raw data as small as they can be."""

import numpy as np
import pytest
from kedro.config import OmegaConfigLoader

from whichgen.parameters import Parameters, Retraining, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.sources import LabelledImages


@pytest.fixture
def parameters() -> Parameters:
    """Those of conf/base."""
    loader = OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)
    return parse_parameters(dict(loader["parameters"]))


@pytest.fixture
def options(parameters) -> Retraining:
    """Those of conf/base: at least 10 images a type and half as many as before, no new types."""
    return parameters.retraining


def labelled(**counts: int) -> LabelledImages:
    """So many black images of each type."""
    n = sum(counts.values())
    return LabelledImages(
        images=np.zeros((n, 1, 8, 8), np.uint8),
        labels=np.repeat(np.arange(len(counts)), list(counts.values())),
        type_names=tuple(counts),
        origins=tuple(f"{i}.png" for i in range(n)),
    )


def unlabelled(n: int) -> LabelledImages:
    """So many black images."""
    images = np.zeros((n, 1, 8, 8), np.uint8)
    return LabelledImages(images, None, None, tuple(f"{i}.png" for i in range(n)))
