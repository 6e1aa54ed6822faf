"""An MLflow run and the record, kept in one of its tags, of what was logged to it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from whichgen.tracking.store import Point, Store

MARKS = "whichgen.published"


class TrackedRun:
    """One run in a store.

    Attributes:
        store: where it is. run: as MLflow gave it; it does not follow what is logged since.
        id, start_ms: the run's id and its start in ms since 1970.
        marks: what has been logged so far, by names that the logging parts choose. They are
            written after what they speak of, so that a run cut short is only logged again.
    """

    def __init__(self, store: Store, run: Any) -> None:
        self.store = store
        self.run = run
        self.id: str = run.info.run_id
        self.start_ms: int = run.info.start_time
        self.marks: dict[str, Any] = json.loads(run.data.tags.get(MARKS, "{}"))

    def log(
        self,
        *,
        metrics: Iterable[Point] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
        marks: Mapping[str, Any] | None = None,
    ) -> None:
        """See `Store.log`; the marks remember that it is logged, in the same request."""
        self.marks |= marks or {}
        tags = dict(tags or {}) | ({MARKS: json.dumps(self.marks)} if marks else {})
        self.store.log(self.id, metrics=metrics, params=params, tags=tags, about=about)

    def mark(self, **marks: Any) -> None:
        """Remember that something is logged."""
        self.log(marks=marks)


def choose(runs: Sequence[TrackedRun]) -> TrackedRun | None:
    """The first of these runs of one thing to which something was logged, or else the first.

    The others to which nothing was logged are removed: where the answer to a request is lost, it
    is made again, and MLflow has created the run twice.
    """
    if not runs:
        return None
    chosen = next((run for run in runs if run.marks), runs[0])
    for run in runs:
        if run is not chosen and not run.marks:
            run.store.client.delete_run(run.id)
    return chosen


def file_digest(*paths: Path) -> str:
    """A short SHA-256 over the files' bytes, for marks."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
