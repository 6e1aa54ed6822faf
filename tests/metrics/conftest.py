"""Property tests draw the same examples in every run and are never judged by the clock."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import settings

from tests.digits import GREY
from whichgen.sources.digits import load as load_digits
from whichgen.training.classifier import fit_classifier

settings.register_profile("whichgen", deadline=None, derandomize=True)
settings.load_profile("whichgen")


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """Hypothesis draws them; a training that ran before in this process flushes them to zero."""
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def digit_features() -> dict[str, npt.NDArray[np.float64]]:
    """Features (580, 64) of real digits, and of other digits under noise, as `real` and `fake`."""
    digits = load_digits(raw=Path())
    images, types = torch.from_numpy(digits.images), torch.from_numpy(digits.labels)
    judge = fit_classifier(
        images[:600], types[:600],
        modality=GREY, n_types=10, width=8, features=64, images_seen=6000, batch=60, rate=3e-3,
        seed=0, title="judge of digits",
    )  # fmt: skip
    noise = torch.randint(0, 60, images.shape, generator=torch.Generator().manual_seed(0))
    noisy = (images.int() + noise).clamp(max=255).to(torch.uint8)
    sets = {"real": images[600:1180], "fake": noisy[1180:1760]}
    return {name: judge.judge(pixels)[0].double().numpy() for name, pixels in sets.items()}
