"""What decides how a cell is trained."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whichgen.parameters import DgnRecipe, Execution, GanRecipe, Trunk

CODE = ("metrics", "networks", "objectives", "training")


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """All that decides how a cell is trained; two equal specs give the same weights.

    Attributes:
        dataset, name, seed: the cell's name; `name` is the recipe's.
        recipe, trunk: the networks and the objective. budget_flops: training FLOPs to spend.
        execution: how the steps are computed.
        data_hash, extractor_hash: of the training data and of the judge that validates.
    """

    dataset: str
    name: str
    seed: int
    recipe: GanRecipe | DgnRecipe
    trunk: Trunk
    budget_flops: float
    data_hash: str
    extractor_hash: str
    execution: Execution = field(default_factory=Execution)

    @property
    def title(self) -> str:
        """For a person: `dgn on digits, seed 3`."""
        return f"{self.name} on {self.dataset}, seed {self.seed}"

    def configuration(self) -> dict[str, Any]:
        """The spec as plain JSON types."""
        return {
            "dataset": self.dataset,
            "recipe": self.name,
            "seed": self.seed,
            "budget_flops": self.budget_flops,
            "trunk": self.trunk.model_dump(mode="json"),
            "execution": self.execution.model_dump(mode="json"),
            "data_hash": self.data_hash,
            "extractor_hash": self.extractor_hash,
            **self.recipe.model_dump(mode="json"),
        }

    @classmethod
    def from_configuration(cls, configuration: dict[str, Any]) -> "CellSpec":
        """The spec whose `configuration` this is."""
        recipe: type[GanRecipe] | type[DgnRecipe] = (
            GanRecipe if configuration["family"] == "gan" else DgnRecipe
        )
        fields = {name: configuration[name] for name in recipe.model_fields}
        return cls(
            name=configuration["recipe"],
            recipe=recipe.model_validate(fields),
            trunk=Trunk.model_validate(configuration["trunk"]),
            execution=Execution.model_validate(configuration["execution"]),
            **{k: configuration[k] for k in ("dataset", "seed", "budget_flops")},
            **{k: configuration[k] for k in ("data_hash", "extractor_hash")},
        )

    def hash(self) -> str:
        """The first 16 hex digits of the configuration's SHA-256."""
        text = json.dumps(self.configuration(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def identity(self) -> dict[str, Any]:
        """What a checkpoint must agree with to be continued: the configuration and the code."""
        return self.configuration() | {"code": code_hash()}


def code_hash() -> str:
    """The first 16 hex digits of a SHA-256 over the source files that decide a training."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(path for part in CODE for path in (root / part).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]
