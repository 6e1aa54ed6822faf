"""All parameters of a run, checked at once."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from whichgen.errors import WhichgenError
from whichgen.parameters.datasets import Dataset
from whichgen.parameters.execution import CheckpointOptions, ExecutionOptions
from whichgen.parameters.kinds import Count, Family, Positive, Strict, Weight
from whichgen.parameters.lifecycle import DriftOptions, Promotion, Retraining
from whichgen.parameters.recipes import Recipe


class Sweep(Strict):
    """The published grid."""

    datasets: list[str]
    gan_recipes: list[str]
    dgn_recipes: list[str]
    seeds: list[int]


class Weights(Strict):
    """What each axis of the verdict counts in the recommendation."""

    quality: Weight
    diversity: Weight
    type_control: Weight
    memorisation: Weight
    cost: Weight
    stability: Weight

    @model_validator(mode="after")
    def _something_counts(self) -> "Weights":
        if not any(dict(self).values()):
            raise ValueError("weights: all are 0, so nothing decides; give one axis more")
        return self


class Parameters(ExecutionOptions):
    """All parameters of a run: the top-level keys of conf/base/parameters*.yml and of --params."""

    dataset: str
    recipe: str | None
    default_recipes: dict[Family, str]
    seed: Annotated[int, Field(ge=0)]
    budget: Positive | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    devices: Count
    nodes: Count
    data: Literal["auto", "memory", "stream"]
    checkpoints: CheckpointOptions
    drift: DriftOptions
    weights: Weights
    retraining: Retraining
    promotion: Promotion
    datasets: dict[str, Dataset]
    recipes: dict[str, Recipe]
    sweep: Sweep

    @model_validator(mode="after")
    def _names_are_known(self) -> "Parameters":
        named: list[tuple[str, str | None, Collection[str]]] = [
            ("dataset", self.dataset, self.datasets),
            ("recipe", self.recipe, self.recipes),
            *(("retraining.fetch", name, self.datasets) for name in self.retraining.fetch),
            *(("default_recipes", name, self.recipes) for name in self.default_recipes.values()),
            *(("sweep.datasets", name, self.datasets) for name in self.sweep.datasets),
            *(("sweep.gan_recipes", name, self.recipes) for name in self.sweep.gan_recipes),
            *(("sweep.dgn_recipes", name, self.recipes) for name in self.sweep.dgn_recipes),
        ]
        for key, name, known in named:
            if name is not None and name not in known:
                raise ValueError(f"{key}: '{name}' is not one of {', '.join(sorted(known))}")
        return self


def parse_parameters(raw: dict[str, Any]) -> Parameters:
    """The validated parameters.

    Raises:
        WhichgenError: naming each wrong key or value.
    """
    try:
        return Parameters.model_validate(raw)
    except ValidationError as error:
        raise WhichgenError(_explain(error, raw)) from None


def _explain(error: ValidationError, raw: dict[str, Any]) -> str:
    reasons = []
    for problem in error.errors(include_url=False):
        key = _key(problem["loc"])
        if problem["type"] == "extra_forbidden":
            reasons.append(f"{key}: no parameter of this name")
        elif problem["type"] == "value_error":
            reasons.append(str(problem["ctx"]["error"]))
        else:
            reasons.append(f"{key}: {problem['msg'].lower()}, got {problem['input']!r}")
    return "parameters: " + "; ".join(reasons) + " (see conf/base, and --params)"


def _key(location: tuple[int | str, ...]) -> str:
    """The key as it stands in the files: without the family that pydantic adds after a recipe."""
    if location[:1] == ("recipes",):
        location = location[:2] + location[3:]
    return ".".join(str(part) for part in location)
