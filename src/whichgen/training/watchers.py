"""Several watchers as one."""

from collections.abc import Sequence

from whichgen.networks import Generator
from whichgen.training.loop import Row, Watcher


class Watchers:
    """Passes on to each watcher, in order, whatever it is told."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def started(self, steps: int) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            watcher.started(steps)

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
