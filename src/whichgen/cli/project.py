"""The project in the working folder, as the commands see it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    from whichgen.networks import Generator

MODELS = Path("data/06_models")
REPORTS = Path("data/08_reporting")


def project_folder() -> Path:
    """The working folder.

    Raises:
        WhichgenError: if no project is there.
    """
    if not Path("conf/base").is_dir():
        raise WhichgenError("conf/base: not here; run this in the project's folder")
    return Path.cwd()


def dataset_named(asked: str | None) -> str:
    """The dataset of --dataset, or the project's own.

    Raises:
        WhichgenError: if there is none of that name.
    """
    known = parameters()
    if asked is not None and asked not in known["datasets"]:
        names = ", ".join(sorted(known["datasets"]))
        raise WhichgenError(f"--dataset: '{asked}' is not one of {names}")
    return asked or str(known["dataset"])


def parameters() -> dict[str, Any]:
    """The parameters of the project in the working folder."""
    project_folder()

    from kedro.config import OmegaConfigLoader

    from whichgen.settings import CONFIG_LOADER_ARGS

    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])


def trained_generator(folder: Path) -> "Generator":
    """The generator of the cell in the folder.

    Raises:
        WhichgenError: if the cell is not trained or its weights are not those of its networks.
    """
    from safetensors import SafetensorError

    from whichgen.networks import load_generator

    try:
        return load_generator(folder)
    except (SafetensorError, RuntimeError) as error:  # the latter of weights with other names
        reason = " ".join(str(error).split())[:200]
        raise WhichgenError(
            f"{folder}/generator.safetensors: not this cell's weights ({reason}); "
            "take it from DVC again (dvc checkout), or remove it and train the cell again"
        ) from None
