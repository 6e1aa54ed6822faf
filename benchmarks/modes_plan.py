"""What `modes.yml` may say, and the recipes that it makes of the shipped ones."""

from typing import Annotated, Any

import yaml
from pydantic import Field

from benchmarks.cells import ROOT, nested
from benchmarks.tuning_plan import merged
from whichgen.parameters import Count, Parameters, Positive, Strict

FIGURES = ("modes", "high_quality", "reverse_kl")


class Plan(Strict):
    """What the file says of a dataset.

    Attributes:
        budget: training FLOPs of a cell. samples: drawn of each generator.
        recipes: by name, the shipped `recipe` and changes of its keys.
        published: by name, what others report of `FIGURES`.
    """

    budget: Positive
    samples: Count
    recipes: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    published: dict[str, dict[str, float]]


def read_plans() -> dict[str, Plan]:
    """The checked file, by dataset."""
    raw = yaml.safe_load((ROOT / "benchmarks/modes.yml").read_text())
    return {name: Plan.model_validate(plan) for name, plan in raw.items()}


def whole_recipe(name: str, plan: Plan, parameters: Parameters) -> dict[str, Any]:
    """The recipe of that name with the plan's changes, in plain types; defaults stay unsaid.

    So the dataset's modality still chooses networks that the recipe does not name.

    Raises:
        SystemExit: with one line, if there is no such recipe.
    """
    changes = dict(plan.recipes.get(name, {"recipe": name}))
    shipped = changes.pop("recipe")
    if shipped not in parameters.recipes:
        known = sorted({*plan.recipes, *parameters.recipes})
        raise SystemExit(f"--recipes: {shipped!r} is not one of {', '.join(known)}")
    written = parameters.recipes[shipped].model_dump(mode="json", exclude_unset=True)
    return merged(written, nested(changes))
