"""A small dataset with a known structure: K bright squares in different places, with noise."""

import pytest
import torch
from kedro.config import OmegaConfigLoader

from tests.digits import GREY
from whichgen.parameters import DgnRecipe, GanRecipe, Trunk
from whichgen.settings import CONFIG_LOADER_ARGS
from whichgen.training.classifier import fit_classifier
from whichgen.training.spec import CellSpec

K = 3
TRUNK = Trunk(width=16, blocks=1)
SCHEDULE = {
    "rate": 2e-3, "betas": [0.5, 0.9], "ema_decay": 0.9, "warmup": 0.05, "final_rate": 0.1,
    "rows": 6, "validations": 3, "validation_images": 60,
}  # fmt: skip
GAN = GanRecipe.model_validate(
    {
        "family": "gan",
        "summary": "small",
        "generator": {"latent": 8},
        "discriminator": {"width_factor": 1.0},
        "objective": {"name": "relativistic_r1_r2", "gamma": 1.0},
        "training": {**SCHEDULE, "batch": 12},
    }
)
DGN = DgnRecipe.model_validate(
    {
        "family": "dgn",
        "summary": "small",
        "generator": {"latent": 8},
        "objective": {"name": "drifting", "temperatures": [0.05, 0.2]},
        "training": {**SCHEDULE, "generated_per_type": 6, "real_per_type": 12, "clip": 2.0},
    }
)


def make_split(n, seed):
    rng = torch.Generator().manual_seed(seed)
    types = torch.arange(n) % K
    images = torch.randint(0, 60, (n, 1, 8, 8), generator=rng)
    for k in range(K):
        images[types == k, :, 2 * k : 2 * k + 3, 2 * k : 2 * k + 3] += 180
    return {"images": images.to(torch.uint8), "types": types}


@pytest.fixture(scope="session")
def splits():
    return {name: make_split(n, i) for i, (name, n) in enumerate([("train", 90), ("val", 60)])}


@pytest.fixture(scope="session")
def info():
    return {
        "name": "squares", "channels": 1, "resolution": 8, "labelled": True,
        "types": {"names": ["a", "b", "c"], "shares": [1 / 3] * 3},
    }  # fmt: skip


@pytest.fixture(scope="session")
def extractor(splits):
    return fit_classifier(
        splits["train"]["images"], splits["train"]["types"],
        modality=GREY, n_types=K, width=8, features=6, images_seen=3000, batch=30, rate=3e-3,
        seed=0, title="judge",
    )  # fmt: skip


@pytest.fixture
def spec():
    def make(recipe, seed=0, budget=2e9):
        return CellSpec(
            dataset="squares", name="small", seed=seed, recipe=recipe, trunk=TRUNK,
            budget_flops=budget, data_hash="d", extractor_hash="e",
        )  # fmt: skip

    return make


@pytest.fixture
def raw_parameters():
    """The shipped configuration, as read and not yet checked."""
    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])
