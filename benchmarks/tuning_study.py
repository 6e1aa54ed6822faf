"""Trials of one recipe, one after the other, in a file that a kill does not harm."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from benchmarks.tuning_plan import Range, Space, Values

STARTUP = 5  # trials drawn at random before the sampler learns from those it has
DIGITS = 3  # of a drawn number: what can be written into a recipe is what was tried


@dataclass(frozen=True)
class Outcome:
    """What a trial came to, medians over its seeds.

    Attributes:
        value: the validation FD at its best; infinity if the training failed. coverage: there;
            None if it failed. steps: of a training.
    """

    value: float
    coverage: float | None
    steps: int


Train = Callable[[dict[str, Any]], Outcome]


class TrialStudy:
    """A study of one recipe in an SQLite file; the same call goes on with it.

    The sampler is seeded anew for every trial by the number of those finished, so an interrupted
    study proposes what an unbroken one would have: the trial that was running when it was killed
    comes again.

    Args:
        path: of the file. identity: names what decides the outcomes; another one is another study
            in the file. first: the values of the first trial, by key of the space. seed: of the
            proposals.
    """

    def __init__(
        self, path: Path, identity: str, space: Space, first: Mapping[str, Any], seed: int
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._first, self._seed = space, first, seed
        self._study = optuna.create_study(
            storage=f"sqlite:///{path}", study_name=identity, load_if_exists=True
        )

    def finished(self) -> list[FrozenTrial]:
        """The trials that came to an end, failed trainings among them, in order."""
        return self._in_state(TrialState.COMPLETE)

    def run(self, trials: int, train: Train) -> Iterator[int]:
        """Make the trials that are missing of the number asked for; yield how many there are.

        What `train` raises ends the run; the next one makes that trial again.
        """
        for killed in self._in_state(TrialState.RUNNING):
            self._study.tell(killed.number, state=TrialState.FAIL)
        while (done := len(self.finished())) < trials:
            trial = self._ask(done)
            values = {key: _draw(trial, key, space) for key, space in self._space.items()}
            outcome = train(values)
            trial.set_user_attr("values", values)
            trial.set_user_attr("coverage", outcome.coverage)
            trial.set_user_attr("steps", outcome.steps)
            self._study.tell(trial, outcome.value)
            yield done + 1

    def table(self, trials: int) -> pd.DataFrame:
        """The first finished trials, a row each: number, value of each key, outcome.

        A failed one has neither distance nor coverage: its cells are empty.
        """
        return pd.DataFrame(
            {
                "trial": number,
                **trial.user_attrs["values"],
                "validation_fd": trial.value if np.isfinite(trial.value) else np.nan,
                "validation_coverage": trial.user_attrs["coverage"],
                "steps": trial.user_attrs["steps"],
                "state": "ok" if np.isfinite(trial.value) else "failed",
            }
            for number, trial in enumerate(self.finished()[:trials], 1)
        )

    def _in_state(self, state: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=(state,))

    def _ask(self, done: int) -> optuna.Trial:
        if not done and not self._in_state(TrialState.WAITING):
            chosen = {key: _parameter(self._space[key], v) for key, v in self._first.items()}
            self._study.enqueue_trial(chosen)
        seed = int(np.random.SeedSequence([self._seed, done]).generate_state(1)[0])
        self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
        return self._study.ask()


def _parameter(space: Values, value: Any) -> Any:
    """A value as Optuna keeps it: a choice, which may be a list, by its JSON."""
    return value if isinstance(space, Range) else json.dumps(value)


def _draw(trial: optuna.Trial, key: str, space: Values) -> Any:
    if not isinstance(space, Range):
        names = [json.dumps(choice) for choice in space.choices]
        return json.loads(trial.suggest_categorical(key, names))
    if isinstance(space.low, int) and isinstance(space.high, int):
        return trial.suggest_int(key, space.low, space.high, log=space.log)
    drawn = trial.suggest_float(key, space.low, space.high, log=space.log)
    return float(f"{drawn:.{DIGITS}g}")
