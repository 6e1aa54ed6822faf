"""The generator as MLflow loads and serves it. MLflow runs this file: nothing is pickled."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class GeneratorModel(PythonModel):
    """Rows of (n, seed, type, truncation) to samples: each row asks for n of them.

    A `type` that is missing or -1 asks for types as frequent as in the training data. The same row
    gives the same images, whatever other rows there are.
    """

    def load_context(self, context: Any) -> None:
        """Read the weights; called once, when the model is loaded."""
        from whichgen.networks import load_generator
        from whichgen.serving import request_limit

        self.generator = load_generator(Path(context.artifacts["weights"]).parent)
        self.limit = request_limit(self.generator.modality.form.shape)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> npt.NDArray[Any] | list[str]:
        """The rows' samples one after the other, (sum of n, *shape), or encoded.

        Args:
            model_input: the rows; from a server also what makes a DataFrame, lists by column.
            params: `encoding`, a name of the form's `encodings`; "array" if it is not given.

        Raises:
            MlflowException: for a request that cannot be answered; the server answers 400 with it.
        """
        from whichgen.serving import encoder, read_wishes

        try:
            form = self.generator.modality.form
            encode = encoder((params or {}).get("encoding", "array"), form.encodings)
            rows, n_types = pd.DataFrame(model_input), self.generator.n_types
            wishes = read_wishes(rows, n_types, self.limit, form.nouns)
        except ValueError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None
        return encode(np.concatenate([self._draw(wish) for wish in wishes]))

    def _draw(self, wish: Any) -> npt.NDArray[Any]:
        import torch

        from whichgen.drawing import draw

        rng = torch.Generator().manual_seed(wish.seed)
        return draw(self.generator, wish.n, rng, wish.type, wish.truncation)[0]


set_model(GeneratorModel())
