"""What the next steps need, made while the present one computes."""

import copy
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")
DEPTH = 3


class Ahead(Generic[Made]):
    """make(step, *arguments), for DEPTH steps ahead of the one asked for, in one thread.

    Asked for another step than the next (at the start, or with other arguments), it begins anew
    there. What `make` raises is raised where its step is asked for. The thread ends with the object
    or the program.
    """

    def __init__(self, make: Callable[..., Made]) -> None:
        self._make = make
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._made: dict[tuple[int, ...], Future[Made]] = {}

    def __call__(self, step: int, *arguments: int) -> Made:
        """What is made for the step."""
        wanted = [(step + i, *arguments) for i in range(1 + DEPTH)]
        for key in self._made.keys() - set(wanted):
            self._made.pop(key).cancel()
        for key in wanted:
            if key not in self._made:
                self._made[key] = self._thread.submit(self._make, *key)
        return self._made.pop(wanted[0]).result()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ahead[Made]":
        """The same without what was made, and with a thread of its own."""
        return Ahead(copy.deepcopy(self._make, memo))
