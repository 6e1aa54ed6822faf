"""What a retraining depends on, in two hashes: the raw data and the configuration."""

import hashlib
import json
from pathlib import Path

from whichgen.parameters import Parameters, Strict

RAW = Path("data/01_raw")


class Inputs(Strict):
    """Hashes of raw files and configuration; equal ones train the same models by the same code."""

    raw: str
    configuration: str

    def changed_since(self, before: "Inputs | None") -> list[str]:
        """Which of the two differ from those of the last retraining; both if there was none."""
        return [key for key, value in self if before is None or value != getattr(before, key)]


def present_inputs(project: Path, parameters: Parameters, dataset: str) -> Inputs:
    """The inputs as they are now."""
    return Inputs(
        raw=hash_folder(project / RAW / dataset),
        configuration=hash_configuration(parameters, dataset),
    )


def hash_folder(folder: Path) -> str:
    """Of all names and contents in the folder; hidden ones and, as in sources, links are not read.

    A folder that is not there, as of a source that needs none, has a hash too.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts):
            continue
        digest.update(f"{name.as_posix()}\0".encode("utf-8", "surrogateescape"))
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def hash_configuration(parameters: Parameters, dataset: str) -> str:
    """Of the dataset, the grid's recipes and seeds, and what steps are computed by."""
    sweep = parameters.sweep
    recipes = [*sweep.gan_recipes, *sweep.dgn_recipes]
    chosen = {
        "dataset": parameters.datasets[dataset].model_dump(mode="json"),
        "recipes": {name: parameters.recipes[name].model_dump(mode="json") for name in recipes},
        "seeds": sweep.seeds,
        "budget": parameters.budget,
        "weights": parameters.weights.model_dump(),
        "execution": [parameters.precision, parameters.compile, parameters.cuda_graph],
    }
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()
