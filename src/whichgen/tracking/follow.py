"""The process beside a Kedro run that publishes what the run writes.

`python -m whichgen.tracking.follow PROJECT` reads requests, one JSON list a line:

    ["follow", dataset, recipe, seed, stamp, command]   a training begins: publish it live
    ["publish", dataset, recipe, seed]                  publish this cell at the end
    ["comparison", dataset]                             publish this and its cells at the end

The end is the end of its input: the run closes it, or dies and closes it that way. Then all that
was named is published and the process ends with exit code 0, or 1 if MLflow did not take it. One
process serves a whole run, since importing mlflow takes one to two seconds of a core.
"""

import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whichgen.tracking.cell_files import Key, live_folder
from whichgen.tracking.comparison_publisher import publish_comparison
from whichgen.tracking.publisher import publish_cell
from whichgen.tracking.settings import load_settings
from whichgen.tracking.store import Store, explain, open_store
from whichgen.tracking.witness import Witness

PERIOD_SECONDS = 4.0  # a publication takes about 30 ms of a core
RETRY_SECONDS = 30.0
_NICENESS = 10

logger = logging.getLogger("whichgen.tracking")


@dataclass
class Training:
    """A cell that a node of the run trains.

    Attributes:
        live: the folder that it writes to.
        stamp: of the status that an earlier training left there; see `status_stamp`.
        published: the state of its files when they were last published.
    """

    key: Key
    live: Path
    stamp: int
    witness: Witness
    published: object = None

    @property
    def begun(self) -> bool:
        """Whether the files are this training's, and no longer an earlier one's."""
        return status_stamp(self.live) not in (0, self.stamp)


class Follower:
    """What was asked for so far, and how much of it MLflow shows."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.store: Store | None = None
        self.trainings: dict[Key, Training] = {}
        self.cells: set[Key] = set()
        self.comparisons: set[str] = set()
        self.retry_at = 0.0

    def ask(self, request: list[Any]) -> None:
        """Take a request."""
        kind, dataset, *rest = request
        if kind == "comparison":
            self.comparisons.add(dataset)
            return
        key = (dataset, rest[0], int(rest[1]))
        self.cells.add(key)
        if kind == "follow":
            live = live_folder(self.project, key)
            witness = Witness(self.project, live, command=rest[3])
            self.trainings[key] = Training(key, live, int(rest[2]), witness)

    def look(self) -> None:
        """Publish the trainings whose files have changed; after a failure, wait for a while."""
        self._witness()
        if time.monotonic() < self.retry_at:
            return
        try:
            for training in self.trainings.values():
                store = self._connected()  # mlflow's import goes on while the training starts
                self._witness()
                state = _file_state(training.live)
                if training.begun and state != training.published:
                    publish_cell(store, training.key, "live")
                    training.published = state
        except Exception as error:
            self.retry_at = time.monotonic() + RETRY_SECONDS
            logger.warning("not live: %s; tried again later", explain(error))

    def publish_all(self) -> bool:
        """Publish everything that was asked for; whether MLflow took it."""
        self._witness()
        try:
            store = self._connected()
            for key in sorted(self.cells):
                publish_cell(store, key, "end" if key in self.trainings else "later")
            for dataset in sorted(self.comparisons):
                publish_comparison(store, dataset)
        except Exception as error:
            logger.warning("not published: %s; `whichgen sync` publishes it later", explain(error))
            return False
        return True

    def _witness(self) -> None:
        for training in self.trainings.values():
            if training.begun:
                training.witness.look()

    def _connected(self) -> Store:
        if self.store is None:
            self.store = open_store(self.project, load_settings(self.project))
        return self.store


def status_stamp(live: Path) -> int:
    """When status.json in this folder was written last, in ns; 0 without one.

    It tells the files of a training that has begun from those that an earlier one left.
    """
    return _modified_ns(live / "status.json")


def main(project: Path) -> int:
    """Serve the requests on standard input until it ends; the exit code."""
    logging.basicConfig(format="%(asctime)s | %(message)s", level=logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # each single try would be a line
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training; its end is ours
    os.nice(_NICENESS)
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    follower = Follower(project)
    while True:
        try:
            line = lines.get(timeout=PERIOD_SECONDS)
        except queue.Empty:
            line = None
        if line == "":
            return 0 if follower.publish_all() else 1
        if line:
            follower.ask(json.loads(line))
        follower.look()


def _read(lines: "queue.Queue[str]") -> None:
    for line in sys.stdin:
        lines.put(line)
    lines.put("")


def _file_state(live: Path) -> tuple[object, ...]:
    """What changes when the files do; they may come and go meanwhile."""
    names = ("config.json", "status.json", "history.jsonl", "timing.jsonl", "previews")
    return tuple(_modified_ns(live / name) for name in names)


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
