"""The one training loop. It owns budget, schedule, EMA, history, checkpoints, choice of weights."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from whichgen.networks import Generator
from whichgen.parameters import Bound, Execution, ValidationFigure
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.execution import stepper
from whichgen.training.process import Stopped, StopSignals
from whichgen.training.schedule import Rates, affordable_steps, intervals, rate_factor
from whichgen.training.state import ROLLBACK_RATE, TrainingState
from whichgen.training.update import Update
from whichgen.training.watchers import Row, Watcher

SAVE = 1  # an order; a signal's number, which is larger, is the order to save and stop
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to train and how often to look.

    Attributes:
        budget_flops: training FLOPs to spend at most. validations: how many, evenly spaced.
        rows: rows of history, at least one per validation. ema_decay: see `EMA`.
        warmup: share of the steps over which the rate rises from 0; then it falls as a cosine to
            `final_rate` times its value.
        execution: how the steps are computed.
        stop_when: bounds of figures of a validation; within all of them the training ends.
    """

    budget_flops: float
    validations: int
    rows: int
    ema_decay: float
    warmup: float
    final_rate: float
    execution: Execution = field(default_factory=Execution)
    stop_when: Mapping[ValidationFigure, Bound] = field(default_factory=dict)

    def met(self, row: Row) -> bool:
        """Whether the row's figures are within all bounds, of which there are some."""
        within = (bound.holds(row[name]) for name, bound in self.stop_when.items())
        return bool(self.stop_when) and all(within)


@dataclass(kw_only=True)
class Trained:
    """What a training leaves behind: deterministic results, then the measured ones."""

    generator: Generator
    best_step: int
    steps: int
    flops_per_step: int
    history: list[Row]
    error: str | None
    stopped: bool  # by the plan's `stop_when`
    seconds: list[float]  # of training, at each row of the history
    peak_memory: int  # bytes, of the processes before a resumed one


def train(
    update: Update,
    plan: Plan,
    validate: Callable[[Generator], Row],
    watcher: Watcher,
    *,
    checkpoints: Checkpoints,
    stop: StopSignals,
    saved: dict[str, Any] | None = None,
) -> Trained:
    """Train until the budget is spent; keep the averaged weights of the best validation.

    Where the plan has a rule to stop, the first validation that meets it is the last, and the best.

    A loss or gradient that is not finite is not stepped along. At the row's end the training goes
    back to the last validation's weights, at half the rate, once; at the second time it ends:
    `error` then says where, and the weights are the best ones from before.

    Where the update's world has several processes, each of them is here, with the first one's
    state. The first alone validates and saves; all stop at the same step.

    Args:
        update: the family's way to make a step, with its networks and data inside.
        validate: averaged generator → figures with `validation_fd` among them, lower is better.
        watcher: told of each row of history and each validation.
        checkpoints: where the state is saved: when due, when asked to stop, and at the end.
        saved: the state to go on from.

    Raises:
        Stopped: when `stop` has received a signal, with the state saved.
    """
    run, world = _Run(update, plan, watcher, checkpoints, stop), update.world
    state, error = run.state, None
    if saved or world.size > 1:
        state.load_state_dict(world.from_first(lambda: saved or state.state_dict()))
    watcher.started(run.steps, state.step)
    for start, end, validates in intervals(run.steps, plan.rows, plan.validations):
        if end <= state.step or state.stopped:
            continue  # its row is in the history, or not wanted
        row, error = run.interval(start, end)
        if validates and not error:
            row |= world.from_first(partial(validate, state.ema.network))
            state.mark_validated(row["validation_fd"], stops=plan.met(row))
            watcher.validated(end, state.ema.network)
            if state.stopped:
                logger.info("step %d of %d: the rule to stop is met", end, run.steps)
        state.history.append(row)
        state.seconds.append(state.elapsed)
        watcher.logged(row, state.elapsed)
        if error:
            break
    else:
        run.save(world.agree(stop.received or SAVE, at_once=True))
    return Trained(
        generator=state.best,
        best_step=state.best_step,
        steps=run.steps,
        flops_per_step=run.flops,
        history=state.history,
        error=error,
        stopped=state.stopped,
        seconds=state.seconds,
        peak_memory=state.peak_memory,
    )


class _Run:
    """The steps between two rows of history, with all that surrounds a step."""

    def __init__(
        self, update: Update, plan: Plan, watcher: Watcher, checkpoints: Checkpoints,
        stop: StopSignals,
    ) -> None:  # fmt: skip
        self._update, self._plan, self._watcher = update, plan, watcher
        self._checkpoints, self._stop, self._world = checkpoints, stop, update.world
        self.steps, self.flops = affordable_steps(update, plan.budget_flops)
        self._make_step = stepper(update, plan.execution)
        self._rates = Rates(update.optimisers)
        self.state = TrainingState(update, plan.ema_decay)

    def save(self, order: int) -> None:
        """Save the state, and end here if the order is to stop."""
        if self._world.rank == 0:
            self._checkpoints.save(self.state.state_dict())
        self._world.meet()
        if order > SAVE:
            raise Stopped(order, self.state.step)

    def interval(self, start: int, end: int) -> tuple[Row, str | None]:
        """Go on to step `end`; the row of the steps since `start`, and the error if it is over."""
        state, began = self.state, time.perf_counter()
        while state.step < end:
            wish = self._stop.received or (SAVE if self._checkpoints.due else 0)
            if order := self._world.agree(wish):
                state.elapsed += time.perf_counter() - began
                self.save(order)
                began = time.perf_counter()
            self._step()
        row = self._row(end - start)
        error = self._mend(f"between steps {start} and {end}")
        state.elapsed += time.perf_counter() - began
        return row, error

    def _step(self) -> None:
        state, plan = self.state, self._plan
        factor = rate_factor(state.step, self.steps, plan.warmup, plan.final_rate)
        self._rates.scale(factor * state.rate_scale)
        state.add(self._make_step(state.step))
        state.ema.update(state.step)
        state.step += 1
        state.flops += self.flops
        self._watcher.stepped(state.step)

    def _row(self, steps: int) -> Row:
        """What was spent so far, and the terms' means over the last steps where they are finite."""
        state = self.state
        means = {name: float(total) / steps for name, total in state.sums.items()}
        state.sums = {}
        row: Row = {
            "step": state.step,
            "flops": state.flops,
            "images_seen": state.step * self._update.images_per_step,
        }
        if state.anchor is None:
            row["rate_scale"] = state.rate_scale
        return row | {name: mean for name, mean in means.items() if math.isfinite(mean)}

    def _mend(self, where: str) -> str | None:
        """Roll back if the guard has tripped; the error if that was done before."""
        if not self._update.guard.tripped:
            return None
        problem = f"a loss or gradient is not finite {where}"
        back_to = self.state.roll_back()
        if back_to is None:
            return f"{problem}, again after a rollback to {ROLLBACK_RATE:g} times the rate"
        logger.warning(
            "%s: back to the weights of step %d, at %g times the rate",
            problem, back_to, ROLLBACK_RATE,
        )  # fmt: skip
        return None
