"""How far the drawing is: a bar on a terminal, a plain line every few seconds elsewhere."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE_SECONDS = 10.0


class DrawingReport:
    """Samples made, samples a second, time left; called with every piece. A context manager.

    Args:
        n: samples in all. nouns: what they are called. console: where to show it; standard error
            if None.
    """

    def __init__(self, n: int, nouns: str, console: Console | None = None) -> None:
        self._n, self._nouns, self._kept, self._drawn = n, nouns, 0, 0
        self._console = console or Console(stderr=True, soft_wrap=True)
        columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}")
        self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
        self._task = self._bar.add_task(nouns, total=n)
        self._began = self._last_line = time.monotonic()

    def __call__(self, n: int, before: bool) -> None:
        """So many more samples are there; `before`: they were when this began."""
        if before:
            self._kept += n
            self._began = time.monotonic()  # the rate is of what is drawn
        else:
            self._drawn += n
        done, now = self._kept + self._drawn, time.monotonic()
        self._bar.update(self._task, completed=done, description=self.rate())
        if not self._console.is_terminal and now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            of_all = f"{done:,} of {self._n:,} {self._nouns}"
            self._console.print(f"{of_all}, {self.rate()}", highlight=False)

    def rate(self) -> str:
        """What was drawn, not what was there before, by the second."""
        return f"{self._drawn / max(time.monotonic() - self._began, 1e-9):,.0f} {self._nouns}/s"

    def __enter__(self) -> "DrawingReport":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
