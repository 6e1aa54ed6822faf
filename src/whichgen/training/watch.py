"""A watch over the history for trainings that go wrong in a known way."""

import logging

from whichgen.networks import Generator
from whichgen.training.watchers import Row

LEAST_SPREAD = 0.1
MOST_ACCURACY = 0.99
logger = logging.getLogger(__name__)


class HealthWatch:
    """Warns, once each, of a collapsed generator and of a saturated discriminator.

    Collapse: `validation_spread` below `LEAST_SPREAD`, so the samples of some type are nearly one.
    Saturation: `d_accuracy`, the share of pairs that the discriminator orders rightly, above
    `MOST_ACCURACY` over a whole row, so that it has next to nothing to teach the generator.

    Args:
        title: what is being trained.
    """

    def __init__(self, title: str) -> None:
        self._title, self._told = title, set[str]()

    def started(self, steps: int, done: int) -> None:
        """Nothing to watch yet."""

    def stepped(self, step: int) -> None:
        """The figures come with the rows."""

    def logged(self, row: Row, seconds: float) -> None:
        """Look at the row's figures."""
        spread, accuracy = row.get("validation_spread", 1.0), row.get("d_accuracy", 0.0)
        if spread < LEAST_SPREAD:
            self._tell(
                row,
                "collapse",
                f"the samples of a type vary {spread:.2g} times as much as real ones",
            )
        if accuracy > MOST_ACCURACY:
            figure = f"it orders {accuracy:.1%} of the pairs rightly"
            self._tell(row, "saturated discriminator", figure)

    def validated(self, step: int, generator: Generator) -> None:
        """The figures come with the row."""

    def _tell(self, row: Row, what: str, figure: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.warning("%s: %s at step %d: %s", self._title, what, row["step"], figure)
