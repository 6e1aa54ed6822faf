"""A step as one CUDA graph: the kernels of a step are launched together, not one by one.

Written with care and never run on a GPU; a CPU test holds the logic around the recording.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from whichgen.training.update import Update

Terms = dict[str, Tensor]
Work = Callable[[], Terms]
WARM_UP = 3  # steps before the recording, in which libraries choose and allocate what they need


def warm_aside(work: Work) -> Terms:
    """Do it on a stream of its own, as the first passes before a recording must be."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        terms = work()
    torch.cuda.current_stream().wait_stream(stream)
    return terms


def record_graph(work: Work) -> Work:
    """Record the work, which is not done by that, as a CUDA graph."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        terms = work()

    def replay() -> Terms:
        graph.replay()
        return terms

    return replay


class GraphedStep:
    """Makes the steps of an update: some as they are, then one that is recorded and replayed.

    What a step draws is copied to where the recording reads it, so the noise stays a function of
    (seed, step). Rates become tensors on the device, since a recording keeps plain numbers for
    good. When an optimiser gets another state, which is in other memory, the step is recorded anew.

    Args:
        update: on a CUDA device. warm: makes a step in a way that allows to record the next one.
        record: work → what does the same work again on the same memory.
    """

    def __init__(
        self,
        update: Update,
        *,
        warm: Callable[[Work], Terms] = warm_aside,
        record: Callable[[Work], Work] = record_graph,
    ) -> None:
        self._update, self._warm, self._record = update, warm, record
        self._warmed, self._inputs = 0, list[Tensor]()
        self._replay: Work | None = None
        for optimiser in update.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = torch.tensor(group["lr"], device=group["params"][0].device)
                group["capturable"] = True
            optimiser.register_load_state_dict_post_hook(self._forget)

    def __call__(self, step: int) -> Terms:
        """Make a step; the terms are overwritten by the next one."""
        drawn = self._update.draw(step)
        if self._warmed < WARM_UP:
            self._warmed += 1
            return self._warm(lambda: self._descend(*drawn))
        if self._replay is None:
            self._inputs = [tensor.clone() for tensor in drawn]
            self._replay = self._record(lambda: self._descend(*self._inputs))
        for kept, new in zip(self._inputs, drawn, strict=True):
            kept.copy_(new)
        return self._replay()

    def _descend(self, *drawn: Tensor) -> Terms:
        """Without the terms' own graphs, which would keep memory of the recording."""
        return {name: term.detach() for name, term in self._update.descend(*drawn).items()}

    def _forget(self, optimiser: Any) -> None:
        self._replay = None
