"""The shipped recipes on a few small random images: the benchmarks' own code, in seconds."""

import pytest
import torch
from kedro.config import OmegaConfigLoader

from benchmarks.workloads import ROOT, Workload
from whichgen.parameters import Trunk, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS

K = 3


@pytest.fixture(scope="session")
def workload():
    loader = OmegaConfigLoader(conf_source=str(ROOT / "conf"), **CONFIG_LOADER_ARGS)
    parameters = parse_parameters(dict(loader["parameters"]))
    recipes = {f: parameters.recipes[name] for f, name in parameters.default_recipes.items()}
    encoder = recipes["dgn"].encoder.model_copy(update={"images_seen": 512})
    recipes["dgn"] = recipes["dgn"].model_copy(update={"encoder": encoder})
    rng = torch.Generator().manual_seed(0)
    return Workload(
        dataset="random",
        recipes=recipes,
        trunk=Trunk(width=32, blocks=1),
        images=torch.randint(0, 256, (300, 1, 16, 16), dtype=torch.uint8, generator=rng),
        types=torch.arange(300) % K,
        info={
            "channels": 1, "resolution": 16, "labelled": True,
            "types": {"names": list("abc"), "shares": [1 / 3] * 3},
        },
    )  # fmt: skip
