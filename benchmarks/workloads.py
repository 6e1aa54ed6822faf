"""The shipped recipes on a prepared dataset, ready to make steps: what all benchmarks run."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from torch import Tensor

from whichgen.parameters import DgnRecipe, GanRecipe, Trunk, parse_parameters
from whichgen.training.build import build_update
from whichgen.training.devices import choose_device
from whichgen.training.ema import EMA
from whichgen.training.loop import Update

ROOT = Path(__file__).parents[1]
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A dataset and the default recipe of each family.

    Attributes:
        images (N, C, R, R) uint8, types (N,) int64: the training split. info: its description.
    """

    dataset: str
    recipes: dict[str, GanRecipe | DgnRecipe]
    trunk: Trunk
    images: Tensor
    types: Tensor
    info: dict[str, Any]

    def update(self, family: str) -> Update:
        """A fresh update of the family's recipe; the same weights at every call."""
        return build_update(
            self.recipes[family],
            self.trunk,
            images=self.images,
            types=self.types,
            info=self.info,
            seed=SEED,
        )


def load_workload(dataset: str) -> Workload:
    """The dataset, prepared if it is not yet; this process computes as a run on it does."""
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, runtime_params={"dataset": dataset}) as session:
        context = session.load_context()
        if not context.catalog.exists("extractor_weights"):
            session.run(pipeline_names=["extractor"])
        parameters = parse_parameters(context.params)
        if "OMP_NUM_THREADS" in os.environ:  # by the project's hooks, where the dataset asks for it
            torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        choose_device("cpu")
        train, info = context.catalog.load("train"), context.catalog.load("info")
    return Workload(
        dataset=dataset,
        recipes={f: parameters.recipes[name] for f, name in parameters.default_recipes.items()},
        trunk=parameters.datasets[dataset].trunk,
        images=train["images"],
        types=train["types"],
        info=info,
    )


class BareLoop:
    """Steps of an update and its averaged weights, and nothing else: no budget, no history."""

    def __init__(self, update: Update, ema_decay: float) -> None:
        self.ema = EMA(update.generator, ema_decay)
        self._update, self._step = update, 0

    def train(self, steps: int) -> None:
        """Make the next steps."""
        for step in range(self._step, self._step + steps):
            self._update.step(step)
            self.ema.update(step)
        self._step += steps
