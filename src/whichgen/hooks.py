"""What this project adds to a Kedro run: checked parameters, plain errors, a closing word."""

import errno
import os
from pathlib import Path
from typing import Any

import click
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from whichgen.errors import WhichgenError
from whichgen.parameters import parse_parameters


class ProjectHooks:
    """Checks every parameter before anything runs; turns a user's mistake into one line."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse a wrong key or value, by name; hold the run to its dataset's threads."""
        try:
            parameters = parse_parameters(context.params)
        except WhichgenError as error:
            raise click.ClickException(str(error)) from None
        self._dataset = parameters.dataset
        threads = parameters.datasets[parameters.dataset].threads
        if threads is not None:  # read by OpenMP when torch is imported, which no node did yet
            os.environ.setdefault("OMP_NUM_THREADS", str(threads))

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """End with one line where the user can mend the cause; leave other errors as they are."""
        message = explain(error)
        if message:
            raise click.ClickException(message) from None

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Say where the results are and what to do next."""
        names = run_params["pipeline_names"] or ["__default__"]
        print(closing_word(names, catalog, self._dataset))


class TrainingHooks:
    """Ends a training with the DVC that started it; clears the checkpoints of a run that is over.

    They are cleared at the end of the whole run, when every output is written: where a run is
    killed after one of its trainings has finished, the same command finds it finished.
    """

    def __init__(self) -> None:
        self._trained: list[tuple[Path, Any]] = []

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Leave no orphan behind a killed `dvc repro`; a shell may well end before its job."""
        from whichgen.training.process import end_with_parent

        self._trained = []
        if "DVC_STAGE" in os.environ:
            end_with_parent()

    @hook_impl
    def after_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Remember what was trained."""
        if "train" in node.tags:
            family = next(name for name in inputs if name.endswith("_spec")).removesuffix("_spec")
            self._trained.append((inputs[f"{family}_checkpoints_folder"], inputs[f"{family}_spec"]))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Remove the checkpoints of what was trained."""
        for folder, spec in self._trained:
            from whichgen.training.checkpoints import Checkpoints

            Checkpoints(folder, spec.identity()).discard()


def explain(error: BaseException) -> str | None:
    """One line for an error that the user can mend, else None."""
    if isinstance(error, WhichgenError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "the disk is full: make room and run the same command again; finished files and the "
            "last checkpoint stay"
        )
    if isinstance(error, PermissionError):
        return f"{error.filename}: no permission to write or read; change the folder's rights"
    before = error.__cause__ or error.__context__
    return explain(before) if before else None


SHOWN = {
    "data": ("index", "info"),
    "extractor": ("extractor_weights", "gates", "floors"),
    "gan": ("gan_generator", "gan_history"),
    "dgn": ("dgn_generator", "dgn_history"),
    "evaluation": ("gan_scores", "dgn_scores", "gan_grid", "dgn_grid"),
    "comparison": ("verdict", "report"),
    "overview": ("overview", "overview_page"),
    "promotion": ("promotion",),
    "__default__": ("verdict", "report"),
}
COMPARED = "whichgen report open {option}; make ui: the runs in MLflow; dvc repro: all seeds"
NEXT = {
    "data": "kedro run --pipelines=gan --params {chosen}: train a cell; or dgn",
    "extractor": "kedro run --pipelines=gan --params {chosen}: train a cell; or dgn",
    "gan": "kedro run --pipelines=evaluation --params {chosen}: score it beside the DGN",
    "dgn": "kedro run --pipelines=evaluation --params {chosen}: score it beside the GAN",
    "evaluation": "kedro run --pipelines=comparison --params {chosen}: the verdict and the report",
    "comparison": COMPARED,
    "overview": "add a dataset: kedro run --params dataset=…, then this again",
    "promotion": "make ui: the versions, under Models; whichgen rollback {option}: the one before",
    "__default__": COMPARED,
}


def closing_word(pipelines: list[str], catalog: CatalogProtocol, dataset: str) -> str:
    """Where the results of these pipelines are, and what to do next, a line each."""
    known = [name for name in SHOWN if name in pipelines]
    here = Path.cwd()
    files = [Path(str(catalog[name]._describe()["filepath"])) for p in known for name in SHOWN[p]]
    files = [f.relative_to(here) if f.is_relative_to(here) else f for f in files if f.exists()]
    following = NEXT[known[-1]].format(chosen=f"dataset={dataset}", option=f"--dataset {dataset}")
    return "\n".join(["Results:", *(f"  {f}" for f in dict.fromkeys(files)), f"Next: {following}"])
