"""A process of its own for whatever is to be measured by its peak memory."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def in_own_process(
    function: Callable[Arguments, Result], *args: Arguments.args, **options: Arguments.kwargs
) -> Result:
    """What the function, defined at the top of a module, returns in a fresh process.

    The process comes from multiprocessing's fork server, which is small: on Linux a process that
    is started by a large one counts the large one's memory as its own peak (`ru_maxrss`).
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([])  # else it would load all that the main module imports
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args, **options).result()
