"""Progress of a training for a person: steps, loss terms, images per second and time left."""

import logging
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.table import Column

from whichgen.networks import Generator
from whichgen.progress import LINE_SECONDS, Report
from whichgen.training.watchers import Row

HIDDEN = {"step", "flops", "images_seen"}
logger = logging.getLogger(__name__)


class ProgressReport(Report):
    """How far one training is; its loss terms take what room the other columns leave.

    Args:
        title: what is being trained. images_per_step: real images that a step uses.
        console: where to show it; standard error if None.
    """

    def __init__(self, title: str, images_per_step: int, console: Console | None = None) -> None:
        super().__init__(
            title,
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            TextColumn(
                "{task.fields[terms]}",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            say=logger.info,
            every_seconds=LINE_SECONDS,
            console=console,
            expand=True,
        )
        self._images_per_step = images_per_step
        self._row: Row = {}
        self._terms, self._steps, self._done = "", 0, 0
        self._began = time.monotonic()

    def started(self, steps: int, done: int = 0) -> None:
        """Show the bar, or say how much there is to do and how much is done."""
        self._steps, self._done = steps, done
        self._began = time.monotonic()
        if done:
            logger.info("%s: training goes on at step %d of %d", self._title, done, steps)
        elif not self._on_terminal:
            logger.info("%s: training starts, %d steps", self._title, steps)
        self.open(steps, completed=done, rate="", terms="")

    def stepped(self, step: int) -> None:
        """Advance the bar, or print a line if the last one is old enough."""
        elapsed = max(time.monotonic() - self._began, 1e-9)
        made = step - self._done
        rate = f"{made * self._images_per_step / elapsed:,.0f} images/s"
        left = elapsed / made * (self._steps - step)
        told = f", {self._terms}" if self._terms else ""
        self.show(
            f"{self._title}: step {step} of {self._steps}, {rate}, {left:.0f} s left{told}",
            completed=step,
            rate=rate,
            terms=self._terms,
        )
        if step == self._steps:
            self.close()

    def logged(self, row: Row, seconds: float) -> None:
        """Remember the terms to show, the last validation's first; bookkeeping is left out."""
        self._row |= row
        names = sorted(self._row.keys() - HIDDEN, key=lambda k: (not k.startswith("validation"), k))
        self._terms = "  ".join(f"{name} {self._row[name]:.3g}" for name in names)

    def validated(self, step: int, generator: Generator) -> None:
        """Nothing to show: the figures come with the row."""
