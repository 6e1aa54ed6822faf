"""Datasets whose modes are known, and which of them each generated sample is of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from whichgen.forms import measure_form
from whichgen.metrics import (
    NO_MODE,
    assign_to_modes,
    high_quality_share,
    modes_covered,
    modes_reverse_kl,
)
from whichgen.networks import modality_of
from whichgen.parameters import Dataset
from whichgen.sources.stacked import CHANNELS, load_base, mode_of
from whichgen.training.classifier import fit_classifier

REAL = 0.99  # of held-out real channels are of high quality; three deviations hold 98.9 % of a mode
DEVIATIONS = 3
LOOKED_AT = 10_000  # training channels that others are set against
AT_ONCE = 1000

Samples = npt.NDArray[Any]


class KnownModes(Protocol):
    """What the benchmark asks of a dataset: `count` modes, what was found out, and the figures."""

    count: int
    about: str

    def figures(self, samples: Samples) -> dict[str, float]:
        """`modes`, `high_quality` and `reverse_kl` of samples (N, …) as they are stored."""
        ...


class StackedModes:
    """The modes of stacked grey images, by a classifier of single channels.

    It is fitted to the training base images with the settings of the dataset's judge, and tried on
    the test ones. As published, every image counts for the mode that is recognised, however bad it
    is. Of high quality are those whose three channels all look like real ones: in the classifier's
    features, as near to a training channel as 99 % of held-out real channels are.

    Args:
        dataset: of the source `stacked`. raw: the folder of its raw files.
    """

    def __init__(self, dataset: Dataset, raw: Path) -> None:
        options = {"of": "digits", "seed": 0, **dataset.source.arguments()}
        base = load_base(raw, of=options["of"], seed=options["seed"])
        images, types = torch.from_numpy(base.images), torch.from_numpy(base.types)
        held_out = torch.from_numpy(base.split == "test")
        self._types = len(base.type_names)
        self._classifier = fit_classifier(
            images[~held_out],
            types[~held_out],
            n_types=self._types,
            modality=modality_of(measure_form(dataset.modality, base.images)),
            title="classifier of channels",
            **dataset.extractor.model_dump(),
        )
        self._known, _ = self._classifier.judge(images[~held_out][:LOOKED_AT])
        recognised, away = self._recognise(images[held_out])
        self.accuracy = float((recognised == types[held_out]).double().mean())
        self._reach = float(away.quantile(REAL))
        self.count = self._types**CHANNELS
        self.about = (
            f"Channels are recognised by a classifier that is right on {self.accuracy:.1%} of "
            f"{int(held_out.sum()):,} held-out real ones."
        )
        share = torch.bincount(types[~held_out]).double() / int((~held_out).sum())
        self._shares = torch.einsum("a,b,c->abc", share, share, share).flatten().numpy()

    def figures(self, samples: Samples) -> dict[str, float]:
        """See `KnownModes`; samples (N, 3, R, R) uint8."""
        found, away = self._recognise(torch.from_numpy(samples).flatten(0, 1)[:, None])
        types, away = (x.unflatten(0, (-1, CHANNELS)) for x in (found, away))
        modes = mode_of(types.numpy(), self._types)
        good = (away <= self._reach).all(dim=1).numpy()
        return {
            "modes": modes_covered(modes, self.count),
            "high_quality": high_quality_share(np.where(good, modes, NO_MODE)),
            "reverse_kl": modes_reverse_kl(modes, self._shares),
        }

    def _recognise(self, channels: Tensor) -> tuple[Tensor, Tensor]:
        """Grey images (N, 1, R, R) uint8 → types (N,), distances (N,) to a training channel."""
        features, types = self._classifier.judge(channels)
        parts = features.split(AT_ONCE)
        return types, torch.cat([torch.cdist(part, self._known).amin(dim=1) for part in parts])


class PointModes:
    """The modes of points, whose centres the source has told.

    A sample within three standard deviations of a centre is of high quality, and a mode is reached
    where there is one. The reverse KL takes every sample for the mode that is nearest.

    Args:
        told: the `centres` (m, d), the `deviation` around each, and their `shares` (m,).
    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._centres, self._shares = np.array(told["centres"]), np.array(told["shares"])
        self._reach = DEVIATIONS * told["deviation"]
        self.count = len(self._centres)
        self.about = f"High quality: within {DEVIATIONS} standard deviations of a mode."

    def figures(self, samples: Samples) -> dict[str, float]:
        """See `KnownModes`; samples (N, d)."""
        good = assign_to_modes(samples, self._centres, self._reach)
        every = assign_to_modes(samples, self._centres, np.inf)
        return {
            "modes": modes_covered(good, self.count),
            "high_quality": high_quality_share(good),
            "reverse_kl": modes_reverse_kl(every, self._shares),
        }


def known_modes(dataset: Dataset, info: Mapping[str, Any], raw: Path) -> KnownModes:
    """The known modes of a dataset.

    Args:
        info: its description. raw: the folder of its raw files.

    Raises:
        SystemExit: with one line, if they are not known.
    """
    if "modes" in info:
        return PointModes(info["modes"])
    if dataset.source.name == "stacked":
        return StackedModes(dataset, raw)
    raise SystemExit(f"{info['name']}: its modes are not known; they are of ring, grid and stacked")
