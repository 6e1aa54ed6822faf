"""The connection to MLflow: opened late, guarded by one lock a project, written to in batches."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whichgen.redaction import redact
from whichgen.tracking.settings import TrackingSettings, credentials, tracking_uri

# A client left alone waits about four minutes for a server that is gone.
_LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
}
BATCH_METRICS, _BATCH_OTHERS = 800, 100  # MLflow takes 1000 in a request
_PARAM_LENGTH, _TAG_LENGTH = 500, 8000  # characters
Point = tuple[str, float, int, int]  # name, value, time in ms since 1970, step


@dataclass(frozen=True)
class Store:
    """A connected client and the experiment that holds the project's runs."""

    project: Path
    client: Any
    experiment_id: str

    def find_runs(self, tags: Mapping[str, str]) -> list[Any]:
        """The runs that carry all these tags, the newest first."""
        condition = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        runs: list[Any] = self.client.search_runs(
            [self.experiment_id], condition, order_by=["attributes.start_time DESC"]
        )
        return runs

    def create_run(self, name: str, tags: Mapping[str, str], start_ms: int) -> Any:
        """A new run, in the state "running"."""
        return self.client.create_run(
            self.experiment_id, start_time=start_ms, tags=texts(tags, _TAG_LENGTH), run_name=name
        )

    def log(
        self,
        run_id: str,
        *,
        metrics: Iterable[Point] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Log metrics, parameters and tags, in as few requests as MLflow allows, the tags last.

        MLflow takes the same point twice without doubling it.

        Args:
            params, tags: as texts, cut to 500 and to 8000 characters.
            about: the `model_id`, `dataset_name` and `dataset_digest` that the metrics speak of.
        """
        from mlflow.entities import Metric, Param, RunTag

        points = [Metric(*point, **(about or {})) for point in metrics]
        pairs = [Param(key, value) for key, value in texts(params or {}, _PARAM_LENGTH).items()]
        labels = [RunTag(key, value) for key, value in texts(tags or {}, _TAG_LENGTH).items()]
        kinds = [
            list(batches(points, BATCH_METRICS)),
            list(batches(pairs, _BATCH_OTHERS)),
            list(batches(labels, _BATCH_OTHERS)),
        ]
        for left in range(max(map(len, kinds)), 0, -1):  # the last of each kind go together
            some = (kind[-left] if left <= len(kind) else [] for kind in kinds)
            self.client.log_batch(run_id, *some)


def open_store(project: Path, settings: TrackingSettings) -> Store:
    """Connect, and make the experiment if it is not there yet.

    Raises:
        Exception: whatever mlflow raises when it is not installed or its server does not answer,
            within about 15 seconds.
    """
    for name, value in _LIMITS.items():
        os.environ.setdefault(name, value)
    os.environ.update(credentials(settings))  # MLflow looks for them there
    from mlflow import MlflowClient

    uri = tracking_uri(project, settings)
    with project_lock(project):
        _make_database(uri)
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(settings.experiment)
        if experiment is not None:
            return Store(project, client, experiment.experiment_id)
        # MLflow itself would put the files of a local database into the current folder.
        folder = (project / "mlruns").resolve() if uri.startswith("sqlite:") else None
        created = client.create_experiment(
            settings.experiment,
            artifact_location=folder.as_uri() if folder else None,
            tags={"mlflow.experimentKind": "custom_model_development"},  # how the page opens
        )
        return Store(project, client, created)


def _make_database(uri: str) -> None:
    """Make a local database that is not there yet, whole or not at all.

    MLflow makes the tables where the file is to be; killed meanwhile, it could never open it again.
    """
    from mlflow import MlflowClient

    path = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite:///") or path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{part}").get_experiment_by_name("Default")  # it makes the tables
    part.replace(path)


@contextmanager
def project_lock(project: Path) -> Iterator[None]:
    """One publisher at a time in a project, so that no cell gets two runs."""
    with (project / "mlflow.db.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def explain(error: BaseException) -> str:
    """What went wrong, on one line without credentials; "no answer" where no server answered."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__module__ == "requests.exceptions":
            return f"no answer ({type(cause).__name__})"
        cause = cause.__cause__ or cause.__context__
    return redact(next(iter(str(error).splitlines()), type(error).__name__))


def texts(values: Mapping[str, Any], length: int) -> dict[str, str]:
    """Values as the texts that MLflow takes, cut to that many characters."""
    return {key: str(value)[:length] for key, value in values.items()}


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of that size, the last one maybe shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
