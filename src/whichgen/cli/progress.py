"""Progress of a command that counts: a bar on a terminal, a plain line now and then elsewhere."""

import time
from types import TracebackType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINE_SECONDS = 10.0


class CountReport:
    """A context manager that is called with how much is done and how much there is.

    Args:
        title: what is done. every_seconds: off a terminal, how long at least between two lines.
    """

    def __init__(self, title: str, every_seconds: float = LINE_SECONDS) -> None:
        self._title, self._every_seconds = title, every_seconds
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task(title, total=None)
        self._shown = console.is_terminal
        self._last_line = time.monotonic()

    def __enter__(self) -> "CountReport":
        if self._shown:
            self._bar.start()
        return self

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """Advance the bar, or print a line if the last one is old enough."""
        now, title = time.monotonic(), f"{self._title}: {what}" if what else self._title
        if self._shown:
            self._bar.update(self._task, description=title, completed=done, total=total)
        elif now - self._last_line >= self._every_seconds:
            self._last_line = now
            click.echo(f"{title}: {done} of {total}", err=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            self._bar.stop()
