"""The embedded digits as tensors, three sets without a common image."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from whichgen.networks import modality_of

GREY = modality_of({"channels": 1, "resolution": 8})
NAMES = [str(digit) for digit in range(10)]


def digit_splits() -> dict[str, dict[str, Tensor]]:
    """Train (897), validation (450) and test (450): `images` (N, 1, 8, 8) uint8, `types` (N,)."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    images = (digits.images[order] * (255 / 16)).round().astype(np.uint8)[:, None]
    types = digits.target[order].astype(np.int64)
    parts = {"test": slice(450), "validation": slice(450, 900), "train": slice(900, None)}
    return {
        name: {"images": torch.from_numpy(images[part]), "types": torch.from_numpy(types[part])}
        for name, part in parts.items()
    }
