"""The one training loop. It owns budget, schedule, EMA, history and the choice of the weights."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from whichgen.errors import WhichgenError
from whichgen.networks import Generator
from whichgen.training.ema import EMA
from whichgen.training.flops import count_flops

Row = dict[str, float]


class Update(Protocol):
    """What differs between the families: how one step changes the weights."""

    generator: Generator
    trained: nn.ModuleList
    optimisers: list[torch.optim.Optimizer]
    images_per_step: int
    setup_flops: int  # spent before the first step, charged to the budget
    setup_seconds: float

    def step(self, step: int) -> dict[str, Tensor]:
        """Make one step; the terms of its losses by name."""


class Watcher(Protocol):
    """Who is told of the progress: the files of the cell, the progress bar."""

    def started(self, steps: int) -> None:
        """The budget pays for this many steps."""

    def stepped(self, step: int) -> None:
        """This many steps are made."""

    def logged(self, row: Row, seconds: float) -> None:
        """A row of the history is complete; `seconds` of training went before it."""

    def validated(self, step: int, generator: Generator) -> None:
        """The averaged generator was validated at this step."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to train and how often to look.

    Attributes:
        budget_flops: training FLOPs to spend at most. validations: how many, evenly spaced.
        rows: rows of history, at least one per validation. ema_decay: see `EMA`.
        warmup: share of the steps over which the rate rises from 0; then it falls as a cosine to
            `final_rate` times its value.
    """

    budget_flops: float
    validations: int
    rows: int
    ema_decay: float
    warmup: float
    final_rate: float


@dataclass(kw_only=True)
class Trained:
    """What a training leaves behind: deterministic results, then the measured ones."""

    generator: Generator
    best_step: int
    steps: int
    flops_per_step: int
    history: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of training, at each row of the history
    error: str | None = None


def affordable_steps(update: Update, budget_flops: float) -> tuple[int, int]:
    """Steps that the budget pays for, and the FLOPs of one, measured on a copy of the update.

    Raises:
        WhichgenError: if the budget does not pay for one step.
    """
    trial = copy.deepcopy(update)
    flops = count_flops(lambda: trial.step(0))
    left = budget_flops - update.setup_flops
    if left < flops:
        raise WhichgenError(
            f"budget: {budget_flops:g} training FLOPs do not pay for one step of {flops:g} after "
            f"{update.setup_flops:g} of preparation; "
            f"raise it, for example --params budget={update.setup_flops + 1000 * flops:.0e}"
        )
    return int(left // flops), flops


def rate_factor(step: int, steps: int, warmup: float, final_rate: float) -> float:
    """The learning rate at `step` as a share of its full value: linear rise, then cosine."""
    rise = max(1.0, warmup * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    progress = (step - rise) / max(1.0, steps - rise)
    return final_rate + (1.0 - final_rate) * 0.5 * (1.0 + math.cos(math.pi * progress))


def train(
    update: Update, plan: Plan, validate: Callable[[Generator], Row], watcher: Watcher
) -> Trained:
    """Train until the budget is spent; keep the averaged weights of the best validation.

    Args:
        update: the family's way to make a step, with its networks and data inside.
        validate: averaged generator → figures with `validation_fd` among them, lower is better.
        watcher: told of each row of history and each validation.

    Returns:
        The trained generator and its history. A loss that is not finite ends the training: `error`
        then says where, and the weights are the best ones from before.
    """
    steps, flops = affordable_steps(update, plan.budget_flops)
    ema = EMA(update.generator, plan.ema_decay)
    full_rates = [[g["lr"] for g in o.param_groups] for o in update.optimisers]
    trained = Trained(
        generator=copy.deepcopy(ema.network), best_step=0, steps=steps, flops_per_step=flops
    )
    best, seconds = math.inf, update.setup_seconds
    watcher.started(steps)
    for start, end, validates in _intervals(steps, plan.rows, plan.validations):
        began = time.perf_counter()
        sums: dict[str, Any] = {}
        for step in range(start, end):
            factor = rate_factor(step, steps, plan.warmup, plan.final_rate)
            _set_rates(update.optimisers, full_rates, factor)
            sums = _add(sums, update.step(step))
            ema.update(step)
            watcher.stepped(step + 1)
        row = {name: float(total) / (end - start) for name, total in sums.items()}
        seconds += time.perf_counter() - began
        if not all(math.isfinite(value) for value in row.values()):
            trained.error = f"a loss term is not finite between steps {start} and {end}: {row}"
            return trained
        spent = update.setup_flops + end * flops
        row = {"step": end, "flops": spent, "images_seen": end * update.images_per_step} | row
        if validates:
            row |= validate(ema.network)
            if row["validation_fd"] < best:
                best, trained.best_step = row["validation_fd"], end
                trained.generator.load_state_dict(ema.network.state_dict())
            watcher.validated(end, ema.network)
        trained.history.append(row)
        trained.seconds.append(seconds)
        watcher.logged(row, seconds)
    return trained


def _intervals(steps: int, rows: int, validations: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, validates): the steps between two rows of history; all validations are rows."""
    looks = {max(1, round(steps * i / validations)) for i in range(1, validations + 1)}
    ends = looks | {max(1, round(steps * i / rows)) for i in range(1, rows + 1)}
    start = 0
    for end in sorted(ends):
        yield start, end, end in looks
        start = end


def _set_rates(
    optimisers: list[torch.optim.Optimizer], full_rates: list[list[float]], factor: float
) -> None:
    for optimiser, rates in zip(optimisers, full_rates, strict=True):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * factor


def _add(sums: dict[str, Any], terms: dict[str, Tensor]) -> dict[str, Any]:
    """Running sums that stay on the device: no synchronisation inside a step."""
    return {name: sums.get(name, 0.0) + term.detach() for name, term in terms.items()}
