"""What the next steps need, read while the present one computes."""

import copy
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Chosen = TypeVar("Chosen")
Read = TypeVar("Read")
DEPTH = 3
_NICENESS = 10


class Ahead(Generic[Chosen, Read]):
    """chosen = choose(step, *arguments) and read(chosen), DEPTH steps ahead of the one asked for.

    One thread reads. It must not compute: OpenMP would give it threads of its own, and with more
    threads than cores those of the step no longer wait awake (23 % fewer images/s on two cores).
    So `choose` is called by whoever asks. It gives way to the step's threads: all of them wait for
    the one whose core it takes (3 % more images/s on two cores, 31 MB a step).

    Asked for another step than the next (at the start, or with other arguments), it begins anew
    there. What `read` raises is raised where its step is asked for. The thread ends with the object
    or the program.
    """

    def __init__(self, choose: Callable[..., Chosen], read: Callable[[Chosen], Read]) -> None:
        self._choose, self._read = choose, read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead", initializer=_give_way)
        self._begun: dict[tuple[int, ...], tuple[Chosen, Future[Read]]] = {}

    def __call__(self, step: int, *arguments: int) -> tuple[Chosen, Read]:
        """What is chosen for the step, and what was read of it."""
        wanted = [(step + i, *arguments) for i in range(1 + DEPTH)]
        for key in self._begun.keys() - set(wanted):
            self._begun.pop(key)[1].cancel()
        for key in wanted:
            if key not in self._begun:
                chosen = self._choose(*key)
                self._begun[key] = chosen, self._thread.submit(self._read, chosen)
        chosen, reading = self._begun.pop(wanted[0])
        return chosen, reading.result()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ahead[Chosen, Read]":
        """The same without what was read, and with a thread of its own."""
        return Ahead(copy.deepcopy(self._choose, memo), copy.deepcopy(self._read, memo))


def _give_way() -> None:
    """Lower this thread's priority: on Linux each has its own, elsewhere it is the program's."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
