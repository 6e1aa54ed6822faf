"""A cell whose generator is real, small and was never trained."""

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from whichgen.networks import build_generator
from whichgen.parameters import Trunk, parse_recipes

RECIPES = Path(__file__).parents[1] / "conf/base/parameters/recipes"
TRUNK = {"width": 16, "blocks": 1}
INFO: dict[str, Any] = {
    "channels": 1,
    "resolution": 8,
    "labelled": True,
    "types": {"names": ["a", "b", "c"], "shares": [0.5, 0.3, 0.2]},
}


def write_untrained(folder: Path, family: str = "dgn", recipe: str = "dgn") -> Path:
    """Write `generator.safetensors` and `cell.json` to the folder; the same bytes at every call."""
    raw = yaml.safe_load((RECIPES / family / f"{recipe}.yml").read_text())["recipes"][recipe]
    parsed = parse_recipes({recipe: raw})[recipe]
    torch.manual_seed(0)
    generator = build_generator(parsed, Trunk.model_validate(TRUNK), INFO)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(generator.state_dict(), folder / "generator.safetensors")
    record = {
        "dataset": "digits",
        "recipe": recipe,
        "family": family,
        "seed": 0,
        "status": "ok",
        "configuration": parsed.model_dump(mode="json") | {"trunk": TRUNK},
        "data": INFO,
        "best_step": 2,
    }
    (folder / "cell.json").write_text(json.dumps(record))
    return folder
