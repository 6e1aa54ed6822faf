"""Comparisons on disk as the pipelines leave them: real networks and files, scores as asked for."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml
from safetensors.torch import save_file

from tests.comparison.conftest import STEPS, WOBBLE, history, scores_file
from whichgen.catalog import CellsDataset
from whichgen.comparison.comparable import comparable
from whichgen.comparison.verdict import decide
from whichgen.networks import build_generator
from whichgen.parameters import Dataset, Trunk, parse_recipes
from whichgen.pipelines.promotion.nodes import gather_evidence
from whichgen.registry.evidence import Evidence, Rescore

ROOT = Path(__file__).parents[2]
TYPES = [str(kind) for kind in range(10)]
TRUNK = {"width": 16, "blocks": 1}
LICENCE = "CC0 1.0"
DATASET = Dataset.model_validate(
    yaml.safe_load((ROOT / "conf/base/parameters/datasets/digits.yml").read_text())["datasets"][
        "digits"
    ]
    | {"licence": LICENCE}
)
GOOD, MIDDLING, BAD = (
    {"fd": 3.0, "coverage": 0.92, "type_agreement": 0.97},
    {"fd": 10.0, "coverage": 0.80, "type_agreement": 0.90},
    {"fd": 30.0, "coverage": 0.60, "type_agreement": 0.75},
)


class Comparison:
    """One dataset's compared cells in a project folder."""

    def __init__(self, project: Path, *, data_hash: str = "d" * 16) -> None:
        self.project, self.data_hash = project, data_hash
        (project / "conf/base").mkdir(parents=True, exist_ok=True)
        self.info = {
            "name": "digits",
            "channels": 1,
            "resolution": 8,
            "labelled": True,
            "types": {"names": TYPES, "shares": [0.1] * 10},
            "data_hash": data_hash,
        }

    def write(
        self,
        scores: Mapping[str, Mapping[str, float]],
        *,
        seeds: int = 6,
        version: int = 0,
        validation: float = 10.0,
        **changes: Any,
    ) -> "Comparison":
        """Cells with these scores, apart by the seed; another `version` has other weights.

        Args:
            validation: the last validation distance; that of seed 2 is a fifth lower.
        """
        for recipe, base in scores.items():
            for seed in range(seeds):
                self._cell(recipe, seed, base, version, changes)
                final = validation * (0.8 if seed == 2 else 1.0)
                table = history(final=final, start=100.0)
                table.to_csv(self.cell_folder(recipe, seed) / "history.csv", index=False)
        return self.compare()

    def compare(self) -> "Comparison":
        """The verdict and the cards of the cells that are there."""
        cells, left_out = comparable(self._cells())
        write_json(self.folder / "verdict.json", decide(cells, left_out=left_out))
        for cell in cells:
            card = self.folder / "model_cards" / f"{cell.recipe}.md"
            card.parent.mkdir(exist_ok=True)
            card.write_text(f"# Model card: {cell.recipe} on digits\n" + "Long. " * 1000)
        return self

    def evidence(self, rescore: Rescore | None = None, **info: Any) -> Evidence:
        """As the promotion's nodes gather it, in the working folder."""
        verdict = json.loads((self.folder / "verdict.json").read_text())
        return gather_evidence(
            self._cells(),
            verdict,
            DATASET,
            self.info | info,
            {"score": rescore or _not_asked},
        )

    @property
    def folder(self) -> Path:
        return self.project / "data/08_reporting/digits/comparison"

    def cell_folder(self, recipe: str, seed: int) -> Path:
        return self.project / "data/06_models/digits" / recipe / str(seed)

    def _cells(self) -> Any:
        data = self.project / "data"
        return CellsDataset(
            scores=str(data / "08_reporting/digits/cells"),
            models=str(data / "06_models/digits"),
            outputs=str(data / "07_model_output/digits"),
        ).load()

    def _cell(
        self, recipe: str, seed: int, base: Mapping[str, float], version: int, changes: Any
    ) -> None:
        folder = self.cell_folder(recipe, seed)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(weights(recipe, 100 * version + seed), folder / "generator.safetensors")
        timing = pd.DataFrame({"step": STEPS, "seconds": STEPS / 50})
        timing.to_csv(folder / "timing.csv", index=False)
        write_json(folder / "measured.json", {"seconds": 20.0, "device": "cpu"})
        wobble = WOBBLE[(seed + (recipe == "dgn")) % len(WOBBLE)]
        scores = {name: value + 0.01 * wobble for name, value in base.items()}
        given = {"data_hash": self.data_hash, "configuration_hash": f"{recipe}{seed}{version}"}
        content = scores_file(recipe, seed, scores=scores, **given, **changes)
        write_json(folder / "cell.json", cell_record(content, self.info, version))
        cells = self.project / "data/08_reporting/digits/cells"
        write_json(cells / recipe / str(seed) / "scores.json", content)


def cell_record(scores: Mapping[str, Any], info: Mapping[str, Any], version: int) -> dict[str, Any]:
    recipe = scores["recipe"]
    kept = ("dataset", "recipe", "family", "seed", "status", "error", "uses_labels", "budget_flops")
    hashes = ("configuration_hash", "data_hash", "extractor_hash")
    configuration = parsed_recipe(recipe).model_dump(mode="json") | {"trunk": TRUNK}
    return {key: scores[key] for key in (*kept, *hashes)} | {
        "configuration": configuration
        | {"recipe": recipe, "seed": scores["seed"], "version": version},
        "data": {key: info[key] for key in ("channels", "resolution", "labelled", "types")},
        "best_step": 1000,
        "cost": scores["cost"],
        "ended": {"because": "budget"},
    }


@cache
def parsed_recipe(name: str) -> Any:
    path = ROOT / f"conf/base/parameters/recipes/{name}/{name}.yml"
    return parse_recipes(yaml.safe_load(path.read_text())["recipes"])[name]


def weights(recipe: str, seed: int) -> dict[str, torch.Tensor]:
    """Of a real, untrained generator."""
    info = {"channels": 1, "resolution": 8, "labelled": True}
    types = {"names": TYPES, "shares": [0.1] * 10}
    torch.manual_seed(seed)
    generator = build_generator(
        parsed_recipe(recipe), Trunk.model_validate(TRUNK), info | {"types": types}
    )
    return generator.state_dict()


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2))


def _not_asked(folder: Path) -> dict[str, Any]:
    raise AssertionError(f"{folder}: the comparison has scored all that is compared")
