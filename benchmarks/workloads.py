"""The shipped recipes on a prepared dataset, ready to make steps: what all benchmarks run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from click import ClickException
from torch import Tensor

from whichgen.networks import Generator
from whichgen.parameters import (
    DgnRecipe,
    Execution,
    GanRecipe,
    Parameters,
    Trunk,
    parse_parameters,
)
from whichgen.training.build import build_update
from whichgen.training.devices import choose_device
from whichgen.training.ema import EMA
from whichgen.training.execution import stepper
from whichgen.training.update import Update
from whichgen.training.validation import validator

if TYPE_CHECKING:
    from kedro.io import CatalogProtocol

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

    def on(self, device: torch.device) -> "Workload":
        """The same with its images on the device, where updates then compute."""
        return replace(self, images=self.images.to(device), types=self.types.to(device))

    def update(self, family: str, **options: Any) -> Update:
        """A fresh update of the family's recipe; the same weights at every call.

        Args:
            options: further ones of `build_update`.
        """
        return build_update(
            self.recipes[family],
            self.trunk,
            images=self.images,
            types=self.types,
            info=self.info,
            seed=SEED,
            **options,
        )


@contextmanager
def prepared(dataset: str) -> Iterator[tuple[Parameters, "CatalogProtocol"]]:
    """The parameters and files of a dataset, made if they are not there yet.

    Only here is Kedro imported: a process that is measured bare does without.

    Raises:
        SystemExit: with one line, if there is no such dataset or it cannot be made.
    """
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, runtime_params={"dataset": dataset}) as session:
        try:
            context = session.load_context()
            if not context.catalog.exists("extractor_weights"):
                session.run(pipeline_names=["extractor"])
        except ClickException as error:
            raise SystemExit(f"--dataset: {error.message}") from None
        yield parse_parameters(context.params), context.catalog


def load_workload(dataset: str) -> Workload:
    """The workload of a dataset; from now on this process computes as a run on it does.

    Raises:
        SystemExit: with one line, if the dataset is not there or has no labels.
    """
    with prepared(dataset) as (parameters, catalog):
        train, info = catalog.load("train"), catalog.load("info")
    if not info["labelled"]:
        raise SystemExit(f"--dataset: {dataset} has no labels, which the textbook loops are given")
    if "OMP_NUM_THREADS" in os.environ:  # by the project's hooks, where the dataset asks for it
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    choose_device("cpu")
    return Workload(
        dataset=dataset,
        recipes={f: parameters.recipes[name] for f, name in parameters.default_recipes.items()},
        trunk=parameters.datasets[dataset].trunk,
        images=train["images"].to("cpu"),
        types=train["types"],
        info=info,
    )


def load_validator(dataset: str, n: int) -> Callable[[Generator], dict[str, float]]:
    """What looks at a generator as a training does, by n images of the validation split."""
    from whichgen.pipelines.extractor.nodes import rebuild_extractor

    with prepared(dataset) as (parameters, catalog):
        files = [catalog.load(name) for name in ("extractor_weights", "extractor_card", "info")]
        judge = rebuild_extractor(*files, parameters.datasets[dataset])
        split = catalog.load("validation")
    return validator(judge, split["images"], split["types"], n=n, seed=SEED)


class BareLoop:
    """Steps of an update and its averaged weights, and nothing else: no budget, no history."""

    def __init__(
        self, update: Update, ema_decay: float, execution: Execution | None = None
    ) -> None:
        self.ema = EMA(update.generator, ema_decay)
        self._make_step = stepper(update, execution or Execution())
        self._device, self._step = update.generator.shares.device, 0

    def train(self, steps: int) -> None:
        """Make the next steps, and wait until they are made."""
        for step in range(self._step, self._step + steps):
            self._make_step(step)
            self.ema.update(step)
        self._step += steps
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
