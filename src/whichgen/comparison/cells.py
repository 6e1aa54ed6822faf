"""One scored training run as the comparison sees it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichgen.errors import WhichgenError

FAMILIES = ("gan", "dgn")
_REQUIRED = ("dataset", "recipe", "family", "seed", "status", "data_hash", "budget_flops")


@dataclass(frozen=True, eq=False)
class Cell:
    """One dataset × recipe × seed: the content of its scores file and what was measured with it.

    ``history`` has one row a logged step (``step``, ``flops``, ``images_seen``, loss terms and,
    where a validation took place, ``validation_fd``), ``timing`` has ``step`` and ``seconds``.
    ``samples`` is (N, *shape), stored, ``sample_types`` (N,) int64: the types asked for.
    ``neighbours`` holds, for each sample, the row of its nearest image in the training and in the
    held-out split (``train``, ``held_out``) and the distances (``to_train``, ``to_held_out``).
    ``strips`` (B, steps, *shape) are walks between two latents of ``strip_types`` (B,).
    ``second`` is what a second judge found (``judge``, ``scores``, ``floors``). Each is empty or
    None where there is none.
    """

    dataset: str
    recipe: str
    family: str
    seed: int
    status: str
    error: str | None
    uses_labels: bool
    data_hash: str
    extractor_hash: str
    judge: str
    budget_flops: float
    n: int
    scores: Mapping[str, float | None]
    p_values: Mapping[str, float | None]
    floors: Mapping[str, float | None]
    cost: Mapping[str, float | None]
    per_type: Mapping[str, Sequence[float | None]]
    ended: Mapping[str, Any] = field(default_factory=dict)
    c2st: Mapping[str, float | None] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    second: Mapping[str, Any] = field(default_factory=dict)
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    timing: pd.DataFrame = field(default_factory=pd.DataFrame)
    measured: Mapping[str, Any] = field(default_factory=dict)
    samples: npt.NDArray[Any] | None = None
    sample_types: npt.NDArray[np.int64] | None = None
    neighbours: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    strips: npt.NDArray[Any] | None = None
    strip_types: npt.NDArray[np.int64] | None = None

    @classmethod
    def from_scores(
        cls,
        scores: Mapping[str, Any],
        *,
        history: pd.DataFrame | None = None,
        timing: pd.DataFrame | None = None,
        measured: Mapping[str, Any] | None = None,
        samples: npt.NDArray[Any] | None = None,
        sample_types: npt.NDArray[np.int64] | None = None,
        neighbours: Mapping[str, npt.NDArray[Any]] | None = None,
        strips: npt.NDArray[Any] | None = None,
        strip_types: npt.NDArray[np.int64] | None = None,
    ) -> Cell:
        """Build a cell from the mapping in its ``scores.json``.

        A failed run's file may lack everything that evaluation adds.

        Raises:
            WhichgenError: a key that every scores file has is missing, or the family is unknown.
        """
        _check(scores)
        return cls(
            dataset=str(scores["dataset"]),
            recipe=str(scores["recipe"]),
            family=str(scores["family"]),
            seed=int(scores["seed"]),
            status=str(scores["status"]),
            error=scores.get("error"),
            uses_labels=bool(scores.get("uses_labels", False)),
            data_hash=str(scores["data_hash"]),
            extractor_hash=str(scores.get("extractor_hash") or ""),
            judge=str(scores.get("judge") or ""),
            budget_flops=float(scores["budget_flops"]),
            n=int(scores.get("n") or 0),
            scores=scores.get("scores") or {},
            p_values=scores.get("p_values") or {},
            floors=scores.get("floors") or {},
            cost=scores.get("cost") or {},
            per_type=scores.get("per_type") or {},
            ended=scores.get("ended") or {},
            c2st=scores.get("c2st") or {},
            missing=scores.get("missing") or {},
            second=scores.get("second") or {},
            history=pd.DataFrame() if history is None else history,
            timing=pd.DataFrame() if timing is None else timing,
            measured=measured or {},
            samples=samples,
            sample_types=sample_types,
            neighbours=neighbours or {},
            strips=strips,
            strip_types=strip_types,
        )

    @property
    def stopped_early(self) -> bool:
        """Whether the recipe's own rule ended the run before its budget was spent."""
        return self.ended.get("because") == "rule"

    @property
    def failed(self) -> bool:
        """Whether the run ended without a generator to score."""
        return self.status != "ok"

    def score(self, metric: str) -> float:
        """The score of that name, or NaN where there is none."""
        return _number(self.scores.get(metric))

    def floor(self, metric: str) -> float:
        """The score that held-out real images reach in the generated ones' place, or NaN."""
        return _number(self.floors.get(metric))

    def p_value(self, metric: str) -> float:
        """The p-value of the score of that name within this one run, or NaN."""
        return _number(self.p_values.get(metric))


@dataclass(frozen=True)
class LeftOut:
    """A cell that could not be compared, and why."""

    recipe: str
    seed: int
    reason: str


def by_seed(cells: Iterable[Cell], recipe: str) -> dict[int, Cell]:
    """The cells of one recipe, failed ones included, by their seed in rising order."""
    chosen = [cell for cell in cells if cell.recipe == recipe]
    return {cell.seed: cell for cell in sorted(chosen, key=lambda cell: cell.seed)}


def recipes_of(cells: Iterable[Cell], family: str) -> list[str]:
    """The names of the family's recipes, sorted."""
    return sorted({cell.recipe for cell in cells if cell.family == family})


def recipe_names(cells: Sequence[Cell]) -> list[str]:
    """The names of all recipes, the GANs first."""
    return [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]


def _check(scores: Mapping[str, Any]) -> None:
    missing = [key for key in _REQUIRED if scores.get(key) is None]
    if missing:
        name = f"{scores.get('dataset')}/{scores.get('recipe')}/{scores.get('seed')}"
        raise WhichgenError(
            f"scores.json of {name} lacks {', '.join(missing)}: run its evaluation again"
        )
    if scores["family"] not in FAMILIES:
        raise WhichgenError(
            f"scores.json of recipe {scores['recipe']}: family is {scores['family']!r}, "
            f"not one of {', '.join(FAMILIES)}"
        )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
