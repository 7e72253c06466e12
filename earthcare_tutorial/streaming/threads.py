"""Work that threads do together, and that ends at once when one fails or somebody presses stop."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from earthcare_tutorial import _connections
from earthcare_tutorial._connections import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")
LONGEST_END = 1.5  # seconds to wait for threads that were told to stop

_current: ContextVar[Work | None] = ContextVar("work", default=None)


class Work:
    """What some threads do together; work that one of them hands on is part of it."""

    def __init__(self) -> None:
        parent = _current.get()
        self.root: Work = parent.root if parent else self
        self.stopped = threading.Event()
        self.failing: float | None = None  # of the root: since when nothing useful has come
        self.threads: set[int] = set()
        self.parts: WeakSet[Work] = WeakSet()
        if parent:
            parent.parts.add(self)
            if parent.stopped.is_set():
                self.stopped.set()

    def stop(self) -> None:
        """Tell all threads to end, and close the connections on which they wait."""
        self.stopped.set()
        for part in list(self.parts):
            part.stop()
        for thread in list(self.threads):
            _connections.shut(thread)

    def pause(self, seconds: float) -> None:
        """Wait, unless and until told to stop."""
        if self.stopped.wait(seconds):
            raise StoppedError("The stream was stopped.")


def current_work() -> Work:
    """Return the work that this thread is part of."""
    return _current.get() or Work()


def in_threads(function: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Return what a function makes of each item, in their order; several threads share them.

    When one fails, or somebody presses stop, no thread is left behind.
    """
    work = Work()

    def run(item: T) -> R:
        _current.set(work)
        _connections.stopped.set(work.stopped)  # for one that waits for a token
        work.threads.add(threading.get_ident())
        try:
            work.pause(0)
            return function(item)
        finally:
            work.threads.discard(threading.get_ident())

    pool = ThreadPoolExecutor(workers, "earthcare-stream")
    futures: list[Future[R]] = []
    try:
        futures.extend(pool.submit(run, item) for item in items)
        while (state := wait(futures, 1.0, FIRST_EXCEPTION)).not_done:
            _raise_first(state.done)
        _raise_first(state.done)
        return [each.result() for each in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        work.stop()  # those, too, that began while somebody pressed stop
        ends = time.monotonic() + LONGEST_END
        while (left := wait(futures, 0.05).not_done or work.threads) and time.monotonic() < ends:
            work.stop()
        if not left:
            pool.shutdown()


def _raise_first(done: set[Future[Any]]) -> None:
    """Raise the error of one that failed; those that were stopped for it only if it is all."""
    errors = [error for each in done if (error := each.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, StoppedError)):
        raise error
