"""What a project says about its tracking: `mlflow.yml`, and two environment variables."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from whichgen.project_settings import explain, read_layers

Mode = Literal["best_effort", "required", "off"]


class TrackingSettings(BaseModel):
    """The content of `mlflow.yml`; see the comments there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = "best_effort"
    tracking_uri: str | None = None
    experiment: str = Field(default="whichgen", min_length=1)

    @field_validator("mode", mode="before")
    @classmethod
    def _yaml_off(cls, value: Any) -> Any:
        """YAML reads a bare `off` as false."""
        return "off" if value is False else value


def load_settings(project: Path, environment: Mapping[str, str] = os.environ) -> TrackingSettings:
    """Read conf/base/mlflow.yml, then conf/local/mlflow.yml, then WHICHGEN_TRACKING.

    Raises:
        WhichgenError: naming the file or the variable, if it holds an unknown key or value.
    """
    layers = read_layers(project, "mlflow.yml")
    values = {key: value for layer in layers.values() for key, value in layer.items()}
    sources = list(layers)
    if mode := environment.get("WHICHGEN_TRACKING"):
        values["mode"] = mode
        sources.append("the environment variable WHICHGEN_TRACKING")
    try:
        return TrackingSettings(**values)
    except ValidationError as error:
        raise explain(error, sources, TrackingSettings) from error


def tracking_uri(
    project: Path, settings: TrackingSettings, environment: Mapping[str, str] = os.environ
) -> str:
    """Where the runs go: the settings' address, MLFLOW_TRACKING_URI, or the project's database.

    The default is absolute: a relative one would mean another file in another working folder. A
    server's address is without user and password, which are `credentials`.
    """
    named = settings.tracking_uri or environment.get("MLFLOW_TRACKING_URI")
    if named and _is_server(named):
        parts = urlsplit(named)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return named or f"sqlite:///{(project / 'mlflow.db').resolve().as_posix()}"


def credentials(
    settings: TrackingSettings, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What https://user:password@host says, as the variables in which MLflow looks for it."""
    named = settings.tracking_uri or environment.get("MLFLOW_TRACKING_URI") or ""
    parts = urlsplit(named) if _is_server(named) else urlsplit("")
    given = {"USERNAME": parts.username, "PASSWORD": parts.password}
    return {f"MLFLOW_TRACKING_{key}": unquote(value) for key, value in given.items() if value}


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))
