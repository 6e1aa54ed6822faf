"""The packed data of a dataset and their judge, as what new raw data are set against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError
from whichgen.forms import Samples, form_of
from whichgen.splits import content_hashes

if TYPE_CHECKING:
    from whichgen.sources import LabelledImages

Features = npt.NDArray[np.float32]
Types = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
UNKNOWN = -1
"""The type of an image whose class was not there when the data were packed."""


class PackedData:
    """What the last run of the pipelines `data` and `extractor` left of a dataset.

    Attributes:
        form: of the samples. labelled: whether types are labels, not clusters.
        type_names: K of them.

    Raises:
        WhichgenError: if a file of them is not here.
    """

    def __init__(self, project: Path, dataset: str) -> None:
        self._folder = project / "data/05_model_input" / dataset
        self._index = project / "data/03_primary" / dataset / "index.csv"
        self._weights = project / "data/06_models" / dataset / "extractor.safetensors"
        validation, info = self._folder / "validation.safetensors", self._folder / "info.json"
        for path in (info, validation, self._index, self._weights):
            if not path.is_file():
                raise WhichgenError(
                    f"{path}: not here, so there is nothing to compare with; run: kedro run "
                    f"--pipelines=data,extractor --params dataset={dataset}"
                )
        known = json.loads(info.read_text())
        self.form = form_of(known)
        self._info = known
        self.labelled: bool = known["labelled"]
        self.type_names: list[str] = known["types"]["names"]

    def judge(self, images: Samples) -> tuple[Features, Types]:
        """What the judge fitted to these data makes of samples (N, *shape): features, types."""
        import torch
        from safetensors.torch import load_file

        from whichgen.networks import judge_from_weights, modality_of

        judge = judge_from_weights(load_file(self._weights), modality_of(self._info))
        features, types = judge.judge(torch.from_numpy(images))
        return features.numpy(), types.numpy()

    def validation(self, most: int) -> tuple[Samples, Types]:
        """At most so many images of the validation split and their types; a fair sample of it."""
        from safetensors.numpy import load_file

        split = load_file(self._folder / "validation.safetensors")
        return split["images"][:most], split["types"][:most]

    def counts(self) -> Types:
        """The number of packed images of each type (K,), all splits together."""
        import pandas as pd

        index = pd.read_csv(self._index, usecols=["split", "type"])
        kept = index.loc[index["split"] != "excluded", "type"]
        return np.bincount(kept, minlength=len(self.type_names)).astype(np.int64)

    def types_of(self, raw: LabelledImages) -> Types:
        """The number (N,) that each raw image's type has here, by its name, or UNKNOWN."""
        if not self.labelled or raw.labels is None or raw.type_names is None:
            return np.full(len(raw.images), UNKNOWN, np.int64)
        number = {name: i for i, name in enumerate(self.type_names)}
        return np.array([number.get(name, UNKNOWN) for name in raw.type_names])[raw.labels]

    def find_new(self, raw: LabelledImages, types: Types) -> tuple[Mask, Mask]:
        """Which raw images (N,) are not here, and which are, but with other labels only."""
        import pandas as pd

        index = pd.read_csv(self._index, usecols=["hash", "type"], dtype={"hash": str})
        there = set(index["hash"])
        labelled = set(zip(index["hash"], index["type"], strict=True))
        hashes = content_hashes(raw.images)
        unpacked = np.array([content not in there for content in hashes])
        same = [pair in labelled for pair in zip(hashes, types.tolist(), strict=True)]
        return unpacked, ~unpacked & ~np.array(same) & self.labelled
