"""The generator as MLflow loads and serves it. MLflow runs this file: nothing is pickled."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class GeneratorModel(PythonModel):
    """Rows of (n, seed, type) to images: each row asks for n images of one type.

    A `type` that is missing or negative asks for types as frequent as in the training data. The
    same row gives the same images.
    """

    def load_context(self, context: Any) -> None:
        """Read the weights; called once, when the model is loaded."""
        from whichgen.networks import load_generator

        self.generator = load_generator(Path(context.artifacts["weights"]).parent)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> npt.NDArray[np.uint8]:
        """The rows' images one after the other, (sum of n, C, H, W) uint8.

        Raises:
            ValueError: if a type is one that the generator does not make.
        """
        given = model_input.assign(type=-1) if "type" not in model_input else model_input
        rows = zip(given["n"], given["type"].fillna(-1), given["seed"], strict=True)
        return np.concatenate([self._draw(int(n), int(kind), int(seed)) for n, kind, seed in rows])

    def _draw(self, n: int, kind: int, seed: int) -> npt.NDArray[np.uint8]:
        import torch

        from whichgen.networks import to_uint8

        if kind >= max(1, self.generator.n_types):
            raise ValueError(f"type {kind}: this generator makes {self.generator.n_types} types")
        types = torch.full((n,), kind) if kind >= 0 else None
        images, _ = self.generator.sample(n, torch.Generator().manual_seed(seed), types)
        drawn: npt.NDArray[np.uint8] = to_uint8(images).numpy()
        return drawn


set_model(GeneratorModel())
