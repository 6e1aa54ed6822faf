"""What `tuning.yml` may say, checked against the recipes it is about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from kedro.config import OmegaConfigLoader
from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from benchmarks.cells import ROOT, nested
from whichgen.errors import WhichgenError
from whichgen.parameters import Count, Parameters, Positive, Strict, parse_parameters
from whichgen.settings import CONFIG_LOADER_ARGS

NAME = "benchmarks/tuning.yml"


class Range(Strict):
    """All numbers from low to high, whole ones if both are; drawn by their logarithm if `log`."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _has_room(self) -> "Range":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low must be below high, and above 0 for a logarithm")
        return self

    @property
    def ends(self) -> list[Any]:
        """The values that must be valid if all are to be."""
        return [self.low, self.high]

    def holds(self, value: Any) -> bool:
        """Whether the value could be drawn."""
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choices(Strict):
    """One of these values, of any kind."""

    choices: Annotated[list[Any], Field(min_length=2)]

    @property
    def ends(self) -> list[Any]:
        """The values that must be valid if all are to be."""
        return self.choices

    def holds(self, value: Any) -> bool:
        """Whether the value could be drawn."""
        return value in self.choices


def _kind(values: Any) -> str:
    return "choices" if isinstance(values, dict) and "choices" in values else "range"


Values = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("choices")], Discriminator(_kind)
]
Space = dict[str, Values]


class Tuning(Strict):
    """The whole file.

    Attributes:
        dataset: whose validation split judges. budgets: training FLOPs of one cell, by dataset.
        seeds: of the cells of a trial, of which the median counts. trials: of every recipe.
        seed: of the proposals. spaces: by recipe, by key of the recipe, the values to try.
    """

    dataset: str
    budgets: dict[str, Positive]
    seeds: Annotated[list[int], Field(min_length=1)]
    trials: Count
    seed: Annotated[int, Field(ge=0)]
    spaces: Annotated[dict[str, Annotated[Space, Field(min_length=1)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_a_budget(self) -> "Tuning":
        if self.dataset not in self.budgets:
            raise ValueError(f"budgets: none for the dataset '{self.dataset}'; add one")
        return self


def read_tuning(root: Path = ROOT) -> tuple[Tuning, Parameters]:
    """The checked file of the project in this folder, and the project's parameters.

    Raises:
        WhichgenError: naming the first wrong key or value, of the file or of a recipe.
    """
    try:
        tuning = Tuning.model_validate(yaml.safe_load((root / NAME).read_text()))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"] if part not in ("range", "choices"))
        reason = problem["msg"].removeprefix("Value error, ")
        raise WhichgenError(f"{NAME}: {key + ': ' if key else ''}{reason}") from None
    loader = OmegaConfigLoader(
        conf_source=str(root / "conf"),
        runtime_params={"dataset": tuning.dataset},
        **CONFIG_LOADER_ARGS,
    )
    raw = dict(loader["parameters"])
    parameters = parse_parameters(raw)
    for recipe in tuning.spaces:
        check_space(tuning, recipe, parameters, raw)
    return tuning, parameters


def shipped_values(tuning: Tuning, recipe: str, parameters: Parameters) -> dict[str, Any]:
    """What the recipe's file, or a default, says of each key of its space: the first trial.

    Raises:
        WhichgenError: if there is no such recipe, or a key that it does not have.
    """
    if recipe not in parameters.recipes:
        raise WhichgenError(
            f"{NAME}: spaces.{recipe}: no recipe of this name; see whichgen recipes"
        )
    values = {}
    for key in tuning.spaces[recipe]:
        value: Any = parameters.recipes[recipe].model_dump(mode="json")
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                raise WhichgenError(
                    f"{NAME}: spaces.{recipe}: the recipe has no key '{key}'; "
                    "correct it, or write it into the recipe first"
                )
            value = value[part]
        values[key] = value
    return values


def check_space(
    tuning: Tuning, recipe: str, parameters: Parameters, raw: Mapping[str, Any]
) -> None:
    """Refuse a space that lacks the recipe's own values, or has one that the recipe refuses.

    Args:
        parameters, raw: the project's parameters, checked and as read.

    Raises:
        WhichgenError: naming it.
    """
    shipped = shipped_values(tuning, recipe, parameters)
    for key, values in tuning.spaces[recipe].items():
        if not values.holds(shipped[key]):
            raise WhichgenError(
                f"{NAME}: spaces.{recipe}.{key}: the recipe's own value, {shipped[key]}, is not "
                "among the values to try; it is the first trial, so add it"
            )
        for end in values.ends:
            changed = merged(raw["recipes"][recipe], nested({key: end}))
            try:
                parse_parameters({**raw, "recipes": {**raw["recipes"], recipe: changed}})
            except WhichgenError as error:
                raise WhichgenError(f"{NAME}: spaces.{recipe}: {error}") from None


def merged(tree: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with the changes, branch by branch."""
    return {
        **tree,
        **{
            key: merged(tree.get(key, {}), value) if isinstance(value, Mapping) else value
            for key, value in changes.items()
        },
    }
