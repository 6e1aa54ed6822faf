"""The way to the registry: opened late, and told in one line where it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from whichgen.errors import WhichgenError
from whichgen.registry.versions import Registry
from whichgen.tracking.settings import load_settings, tracking_uri
from whichgen.tracking.store import explain, open_store


@contextmanager
def open_registry(project: Path, dataset: str) -> Iterator[Registry]:
    """The registry of the dataset's generators in the project's MLflow.

    Raises:
        WhichgenError: if the tracking is off, or MLflow does not answer, now or while it is used.
    """
    settings = load_settings(project)
    uri = tracking_uri(project, settings)
    if settings.mode == "off":
        raise WhichgenError(
            "the registry is in MLflow, and conf/base/mlflow.yml or WHICHGEN_TRACKING says off: "
            "make it best_effort, or promotion.mode disabled"
        )
    try:
        with TemporaryDirectory(prefix="whichgen-") as copies:
            yield Registry(open_store(project, settings), uri, dataset, Path(copies))
    except Exception as error:
        if not type(error).__module__.startswith(("mlflow", "requests", "sqlalchemy")):
            raise
        raise WhichgenError(
            f"MLflow at {uri}: {explain(error)}; the champion is as it was. Start its server or "
            "mend tracking_uri in conf/base/mlflow.yml, then run this again"
        ) from error


def database_is_missing(project: Path) -> bool:
    """Whether the project's own database was never made: to look into it would make it."""
    uri = tracking_uri(project, load_settings(project))
    return uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists()
