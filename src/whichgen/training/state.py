"""All that changes while a cell trains, which is what a checkpoint holds."""

import copy
import math
from typing import Any

from torch import Tensor

from whichgen.training.devices import peak_memory_bytes
from whichgen.training.ema import EMA
from whichgen.training.seeding import random_state, set_random_state
from whichgen.training.update import Update
from whichgen.training.watchers import Row

ROLLBACK_RATE = 0.5
_PLAIN = (
    "step", "flops", "elapsed", "sums", "history", "seconds", "best_step", "best_distance",
    "rate_scale", "anchor", "peak_memory", "stopped",
)  # fmt: skip


class TrainingState:
    """Where a training is. Batches, latents and rates follow from `step` and the seed.

    Attributes:
        step, flops: steps made, and training FLOPs spent, preparation included.
        elapsed: seconds of training, over all the processes that had a part in it.
        sums: of the loss terms since the last row of the history, on the device.
        history, seconds: the rows, and the seconds of training before each.
        ema: the averaged generator. best: it as it was at the best validation, which was after
            `best_step` steps at `best_distance`.
        rate_scale: of all learning rates; lowered by a rollback.
        anchor: what a rollback goes back to, the weights of the last validation or the first ones;
            None after it.
        stopped: whether a validation has met the rule to stop.
        peak_memory: the most memory, in bytes, that a process before this one took.
    """

    def __init__(self, update: Update, ema_decay: float) -> None:
        self._update = update
        self.ema = EMA(update.generator, ema_decay)
        self.best = copy.deepcopy(self.ema.network)
        self.best_step, self.best_distance = 0, math.inf
        self.step, self.flops, self.elapsed = 0, update.setup_flops, update.setup_seconds
        self.sums: dict[str, Tensor] = {}
        self.history: list[Row] = []
        self.seconds: list[float] = []
        self.rate_scale, self.peak_memory, self.stopped = 1.0, 0, False
        self.anchor: dict[str, Any] | None = self._anchor()

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain types; some of the tensors are the ones in training."""
        device = self._update.guard.tripped.device
        return {name: getattr(self, name) for name in _PLAIN} | {
            "weights": self._weights(),
            "best": self.best.state_dict(),
            "tripped": self._update.guard.tripped,
            "random": random_state(device),
            "peak_memory": max(self.peak_memory, peak_memory_bytes(device)),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Be where `state_dict` was taken."""
        for name in _PLAIN:
            setattr(self, name, state[name])
        self._load_weights(state["weights"])
        self.best.load_state_dict(state["best"])
        self._update.guard.tripped.copy_(state["tripped"])
        set_random_state(state["random"], self._update.guard.tripped.device)

    def add(self, terms: dict[str, Tensor]) -> None:
        """Add a step's terms to the sums, on the device: no synchronisation inside a step."""
        self.sums = {name: self.sums.get(name, 0.0) + term.detach() for name, term in terms.items()}

    def mark_validated(self, distance: float, *, stops: bool = False) -> None:
        """Keep the averaged weights if they are the best ones; take an anchor for a rollback.

        Args:
            stops: whether the rule to stop is met, by which these weights are the ones to keep.
        """
        self.stopped = stops
        if stops or distance < self.best_distance:
            self.best_distance, self.best_step = distance, self.step
            self.best.load_state_dict(self.ema.network.state_dict())
        if self.anchor is not None:
            self.anchor = self._anchor()

    def roll_back(self) -> int | None:
        """Go back to the anchor's weights at lower rates; their step, None if it was done before.

        Only the weights, averages and optimisers go back. The position and the FLOPs spent go on,
        so that the budget stays true and the next steps see other batches.
        """
        if self.anchor is None:
            return None
        step: int = self.anchor["step"]
        self._load_weights(self.anchor)
        self.anchor = None
        self.rate_scale *= ROLLBACK_RATE
        self._update.guard.tripped.zero_()
        return step

    def _anchor(self) -> dict[str, Any]:
        return {"step": self.step, **copy.deepcopy(self._weights())}

    def _weights(self) -> dict[str, Any]:
        networks = self._update.networks
        return {
            "networks": {name: network.state_dict() for name, network in networks.items()},
            "ema": self.ema.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._update.optimisers],
        }

    def _load_weights(self, weights: dict[str, Any]) -> None:
        for name, network in self._update.networks.items():
            network.load_state_dict(weights["networks"][name])
        self.ema.network.load_state_dict(weights["ema"])
        for optimiser, state in zip(self._update.optimisers, weights["optimisers"], strict=True):
            optimiser.load_state_dict(state)
