"""The project in the working folder, as the commands see it."""

from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError

MODELS = Path("data/06_models")
REPORTS = Path("data/08_reporting")


def parameters() -> dict[str, Any]:
    """The parameters of the project in the working folder."""
    from kedro.config import OmegaConfigLoader

    from whichgen.settings import CONFIG_LOADER_ARGS

    if not Path("conf/base").is_dir():
        raise WhichgenError("conf/base: not here; run this in the project's folder")
    return dict(OmegaConfigLoader(conf_source="conf", **CONFIG_LOADER_ARGS)["parameters"])
