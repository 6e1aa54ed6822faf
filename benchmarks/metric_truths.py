"""Which metrics move, and which way, when a perfect generator gets one fault.

    python benchmarks/metric_truths.py

The data are Gaussian: 4 types of 2 modes each in 16 features, 480 rows a set. A generator without
fault draws from the same distribution. Of each fault there are 5 runs, of none 20, each with data
of its own. A metric moves (↑ or ↓) if all 5 lie above, or all 5 below, every one of the 20, which
has a chance of 2 in 53,130 where nothing moves. docs/metrics.md holds the table that this prints.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from whichgen.comparison.wording import METRICS
from whichgen.evaluation import score_features

Array = npt.NDArray[np.float64]
Fault = Callable[["Draw"], Array]

TYPES, MODES, FEATURES, ROWS = 4, 2, 16, 480
UP, DOWN, STILL = "↑", "↓", "·"


class Draw:
    """One set of data: equal real splits and what a generator without fault makes, (ROWS, d)."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.types = np.arange(ROWS) % TYPES
        self.modes = self.types * MODES + np.arange(ROWS) // TYPES % MODES
        self.centres = np.random.default_rng(0).normal(size=(TYPES * MODES, FEATURES)) * 2
        self.train, self.validation, self.test, self.fake = (
            self.rows(self.modes) for _ in range(4)
        )

    def rows(self, modes: npt.NDArray[np.int64]) -> Array:
        """Fresh rows of the given modes."""
        return self.centres[modes] + self.rng.normal(size=(len(modes), FEATURES))

    def recognised(self, rows: Array) -> npt.NDArray[np.int64]:
        """The type of the nearest centre."""
        squared = ((rows[:, None] - self.centres) ** 2).sum(axis=2)
        return squared.argmin(axis=1) // MODES

    def scores(self, fake: Array) -> dict[str, float]:
        """All scores of generated rows, asked for in the types of the real ones."""
        real = {f"{name}_features": getattr(self, name) for name in ("train", "validation", "test")}
        real |= {f"{name}_types": self.types for name in ("train", "validation", "test")}
        return score_features(
            fake=fake, asked=self.types, recognised=self.recognised(fake), real=real, n_types=TYPES
        )["scores"]


def collapse(draw: Draw) -> Array:
    """Every type is a single image, but for a hair."""
    return draw.fake[draw.types] + 0.01 * draw.rng.normal(size=draw.fake.shape)


def mode_drop(draw: Draw) -> Array:
    """Every type lacks its second mode."""
    return draw.rows(draw.types * MODES)


def type_drop(draw: Draw) -> Array:
    """The first type is not made; what was asked for as such is of the second."""
    return draw.rows(np.where(draw.types == 0, draw.modes + MODES, draw.modes))


def noise(draw: Draw) -> Array:
    """Every row has noise on it, of the data's own deviation within a mode."""
    return draw.fake + draw.rng.normal(size=draw.fake.shape)


def copying(draw: Draw) -> Array:
    """Half of the rows are training rows, but for a hair."""
    copied = draw.rng.permutation(ROWS) < ROWS / 2
    near = draw.train + 0.01 * draw.rng.normal(size=draw.train.shape)
    return np.where(copied[:, None], near, draw.fake)


def shrinking(draw: Draw) -> Array:
    """Every mode has three quarters of its spread; nothing is copied."""
    middle = draw.centres[draw.modes]
    return middle + 0.75 * (draw.fake - middle)


FAULTS: Mapping[str, Fault] = {
    "collapse": collapse,
    "mode drop": mode_drop,
    "type drop": type_drop,
    "noise": noise,
    "copying": copying,
    "shrinking": shrinking,
}


def moves(fault_runs: int = 5, perfect_runs: int = 20) -> dict[str, dict[str, str]]:
    """For each metric and fault: ↑, ↓ or · (it stays)."""
    perfect = [draw.scores(draw.fake) for draw in map(Draw, range(perfect_runs))]
    scored = [metric for metric in METRICS if metric in perfect[0]]  # no modes are known here
    table: dict[str, dict[str, str]] = {metric: {} for metric in scored}
    for column, (name, fault) in enumerate(FAULTS.items(), start=1):
        seeds = range(100 * column, 100 * column + fault_runs)
        faulty = [draw.scores(fault(draw)) for draw in map(Draw, seeds)]
        for metric in scored:
            usual = [scores[metric] for scores in perfect]
            found = [scores[metric] for scores in faulty]
            up, down = min(found) > max(usual), max(found) < min(usual)
            table[metric][name] = UP if up else DOWN if down else STILL
    return table


def markdown(table: dict[str, dict[str, str]]) -> str:
    """The table with a row a metric and a column a fault."""
    lines = [f"| metric | {' | '.join(FAULTS)} |", "| --- |" + " :-: |" * len(FAULTS)]
    lines += [f"| {metric} | {' | '.join(row.values())} |" for metric, row in table.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(moves()))
