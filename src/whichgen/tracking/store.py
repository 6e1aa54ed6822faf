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
_BATCH_METRICS, _BATCH_OTHERS, _VALUE_LENGTH = 800, 100, 500


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
            self.experiment_id, start_time=start_ms, tags=texts(tags), run_name=name
        )

    def log(
        self,
        run_id: str,
        *,
        metrics: Iterable[tuple[str, float, int, int]] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Log (name, value, time in ms, step) metrics, parameters and tags, in batches.

        Texts are cut to 500 characters.
        """
        from mlflow.entities import Metric, Param, RunTag

        points = [Metric(name, value, time, step) for name, value, time, step in metrics]
        for batch in _batches(points, _BATCH_METRICS):
            self.client.log_batch(run_id, metrics=batch)
        pairs = [Param(key, value) for key, value in texts(params or {}).items()]
        for batch in _batches(pairs, _BATCH_OTHERS):
            self.client.log_batch(run_id, params=batch)
        labels = [RunTag(key, value) for key, value in texts(tags or {}).items()]
        for batch in _batches(labels, _BATCH_OTHERS):
            self.client.log_batch(run_id, tags=batch)


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


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as the texts that MLflow takes."""
    return {key: str(value)[:_VALUE_LENGTH] for key, value in values.items()}


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
