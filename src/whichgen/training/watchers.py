"""Who is told of a training's progress, and several of them as one."""

from collections.abc import Sequence
from typing import Protocol

from whichgen.networks import Generator

Row = dict[str, float]


class Watcher(Protocol):
    """Who is told of the progress: the files of the cell, the progress bar, the watch."""

    def started(self, steps: int, done: int) -> None:
        """The budget pays for this many steps; a resumed training has `done` some of them."""

    def stepped(self, step: int) -> None:
        """This many steps are made."""

    def logged(self, row: Row, seconds: float) -> None:
        """A row of the history is complete; `seconds` of training went before it."""

    def validated(self, step: int, generator: Generator) -> None:
        """The averaged generator was validated at this step."""


class Watchers:
    """Passes on to each watcher, in order, whatever it is told."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def started(self, steps: int, done: int) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.started(steps, done)

    def stepped(self, step: int) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.stepped(step)

    def logged(self, row: Row, seconds: float) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.logged(row, seconds)

    def validated(self, step: int, generator: Generator) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.validated(step, generator)
