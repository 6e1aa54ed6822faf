"""Progress for a person: a bar on a terminal, a plain line every few seconds elsewhere."""

import logging
import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from whichgen.networks import Generator
from whichgen.training.watchers import Row

LINE_SECONDS = 10.0
PART_SECONDS = 5.0
HIDDEN = {"step", "flops", "images_seen"}
logger = logging.getLogger(__name__)


class ProgressReport:
    """Steps, loss terms, images per second and time left of one training.

    Args:
        title: what is being trained. images_per_step: real images that a step uses.
        console: where to show it; standard error if None.
    """

    def __init__(self, title: str, images_per_step: int, console: Console | None = None) -> None:
        self._title, self._images_per_step = title, images_per_step
        self._row: Row = {}
        self._terms, self._steps, self._done = "", 0, 0
        self._began = self._last_line = time.monotonic()
        console = console or Console(stderr=True)
        self._bar = _bar(console) if console.is_terminal else None

    def started(self, steps: int, done: int = 0) -> None:
        """Show the bar, or say how much there is to do and how much is done."""
        self._steps, self._done = steps, done
        self._began = self._last_line = time.monotonic()
        if done:
            logger.info("%s: training goes on at step %d of %d", self._title, done, steps)
        elif self._bar is None:
            logger.info("%s: training starts, %d steps", self._title, steps)
        if self._bar is None:
            return
        self._bar.start()
        self._task = self._bar.add_task(self._title, total=steps, completed=done, rate="", terms="")

    def stepped(self, step: int) -> None:
        """Advance the bar, or print a line if the last one is old enough."""
        now = time.monotonic()
        elapsed = max(now - self._began, 1e-9)
        made = step - self._done
        rate = f"{made * self._images_per_step / elapsed:,.0f} images/s"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, rate=rate, terms=self._terms)
        elif now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            left = elapsed / made * (self._steps - step)
            told = f", {self._terms}" if self._terms else ""
            logger.info(
                "%s: step %d of %d, %s, %.0f s left%s",
                self._title, step, self._steps, rate, left, told,
            )  # fmt: skip
        if step == self._steps:
            self.close()

    def logged(self, row: Row, seconds: float) -> None:
        """Remember the terms to show, the last validation's first; bookkeeping is left out."""
        self._row |= row
        names = sorted(self._row.keys() - HIDDEN, key=lambda k: (not k.startswith("validation"), k))
        self._terms = "  ".join(f"{name} {self._row[name]:.3g}" for name in names)

    def validated(self, step: int, generator: Generator) -> None:
        """Nothing to show: the figures come with the row."""

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def _bar(console: Console) -> Progress:
    """A bar whose loss terms take the room that is left, and never that of the other columns."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        TextColumn(
            "{task.fields[terms]}",
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
        console=console,
        transient=True,
        expand=True,
    )


class PartsReport:
    """What a computation is at, where that takes a while: scores, features, gates.

    A context manager that is called with the name of each part as it begins.

    Args:
        title: what is computed. console: where to show it; standard error if None.
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._title = title
        console = console or Console(stderr=True)
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        self._bar = Progress(*columns, console=console, transient=True)
        self._shown = console.is_terminal
        self._last_line = time.monotonic()

    def __enter__(self) -> "PartsReport":
        if self._shown:
            self._bar.start()
            self._task = self._bar.add_task(self._title, total=None)
        return self

    def __call__(self, part: str) -> None:
        """Show the part, or print a line if the last one is old enough."""
        now = time.monotonic()
        if self._shown:
            self._bar.update(self._task, description=f"{self._title}: {part}")
        elif now - self._last_line >= PART_SECONDS:
            self._last_line = now
            logger.info("%s: %s", self._title, part)

    def __exit__(self, *_: object) -> None:
        if self._shown:  # off a terminal it would print an empty line
            self._bar.stop()
