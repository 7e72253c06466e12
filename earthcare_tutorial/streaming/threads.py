"""Several threads at one piece of work, such as the blocks of a file."""

from __future__ import annotations

import time
from concurrent import futures
from typing import TYPE_CHECKING, TypeVar

from earthcare_tutorial._threads import STEP, StoppedError, Work, current_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")
LONGEST_END = 1.5  # seconds to wait for threads that were told to stop


def in_threads(function: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Return what a function makes of each item, in their order; several threads share them.

    When one fails, or somebody presses stop, no thread is left behind.
    """
    parent = current_work()
    work = Work(parent)
    pool = futures.ThreadPoolExecutor(workers, "earthcare-stream")
    calls: list[futures.Future[R]] = []
    try:
        calls.extend(pool.submit(work.do, function, item) for item in items)
        while True:
            state = futures.wait(calls, STEP, futures.FIRST_EXCEPTION)
            errors = [error for each in state.done if (error := each.exception())]
            # That of one that was stopped for another's is raised only if it is all.
            for error in sorted(errors, key=lambda error: isinstance(error, StoppedError)):
                raise error
            if not state.not_done:
                return [each.result() for each in calls]
            parent.pause(0)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        work.stop()  # those, too, that began while somebody pressed stop
        ends = time.monotonic() + LONGEST_END
        while (left := futures.wait(calls, 0.05).not_done) and time.monotonic() < ends:
            work.stop()
        if not left:
            pool.shutdown()
