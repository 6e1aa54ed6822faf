"""Progress for a person: a bar on a terminal, a plain line now and then elsewhere."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_SECONDS = 10.0
PART_SECONDS = 5.0
logger = logging.getLogger(__name__)


class Report:
    """What all reports share: a context manager that shows how far something is.

    Args:
        title: what is done. columns: of the bar. say: prints a line off a terminal.
        every_seconds: how long at least between two lines. console: of the bar; standard error if
            None. expand: whether the bar takes the terminal's whole width.
    """

    def __init__(
        self,
        title: str,
        *columns: ProgressColumn,
        say: Callable[[str], None],
        every_seconds: float,
        console: Console | None = None,
        expand: bool = False,
    ) -> None:
        console = console or Console(stderr=True)
        self._title, self._say, self._every_seconds = title, say, every_seconds
        self._on_terminal = console.is_terminal
        self._bar = Progress(
            *columns,
            console=console,
            transient=True,
            expand=expand,
            disable=not self._on_terminal,  # off a terminal it would print an empty line
        )
        self._last_line = time.monotonic()

    def open(self, total: int | None = None, **task: Any) -> None:
        """Show the bar; a total that is not known yet may come with `show`."""
        self._last_line = time.monotonic()
        self._bar.start()
        self._task = self._bar.add_task(self._title, total=total, **task)

    def show(self, line: str, **task: Any) -> None:
        """Change the bar, or print the line if the last one is old enough."""
        if self._on_terminal:
            self._bar.update(self._task, **task)
        elif time.monotonic() - self._last_line >= self._every_seconds:
            self._last_line = time.monotonic()
            self._say(line)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PartsReport(Report):
    """What a computation is at, where that takes a while: scores, features, gates.

    It is called with the name of each part as it begins.
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        super().__init__(
            title, *columns, say=logger.info, every_seconds=PART_SECONDS, console=console
        )

    def __call__(self, part: str) -> None:
        """Show the part."""
        line = f"{self._title}: {part}"
        self.show(line, description=line)


class CountReport(Report):
    """How many of so many things are done, by a command of ours.

    It is called with how much is done and how much there is.
    """

    def __init__(
        self, title: str, every_seconds: float = LINE_SECONDS, console: Console | None = None
    ) -> None:
        super().__init__(
            title,
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            say=partial(click.echo, err=True),
            every_seconds=every_seconds,
            console=console,
        )

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """Show it, and what is being done."""
        title = f"{self._title}: {what}" if what else self._title
        self.show(f"{title}: {done} of {total}", description=title, completed=done, total=total)


class DrawingReport(Report):
    """Samples made, samples a second, time left; it is called with every piece.

    Args:
        n: samples in all. nouns: what they are called.
    """

    def __init__(self, n: int, nouns: str, console: Console | None = None) -> None:
        super().__init__(
            nouns,
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            say=partial(click.echo, err=True),
            every_seconds=LINE_SECONDS,
            console=console,
        )
        self._n, self._nouns, self._kept, self._drawn = n, nouns, 0, 0
        self._began = time.monotonic()

    def __call__(self, n: int, before: bool) -> None:
        """So many more samples are there; `before`: they were when this began."""
        if before:
            self._kept += n
            self._began = time.monotonic()  # the rate is of what is drawn
        else:
            self._drawn += n
        done, rate = self._kept + self._drawn, self.rate()
        line = f"{done:,} of {self._n:,} {self._nouns}, {rate}"
        self.show(line, completed=done, total=self._n, description=rate)

    def rate(self) -> str:
        """What was drawn, not what was there before, by the second."""
        return f"{self._drawn / max(time.monotonic() - self._began, 1e-9):,.0f} {self._nouns}/s"
