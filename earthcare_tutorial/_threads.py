"""Threads that end at once when one fails or somebody presses stop, whatever they wait for."""

from __future__ import annotations

import socket
import threading
from concurrent import futures
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
R = TypeVar("R")
STEP = 0.2  # seconds after which one who waits looks whether it was stopped

_current: ContextVar[Work | None] = ContextVar("work", default=None)


class StoppedError(ConnectionError):
    """Another thread failed, or somebody pressed stop."""


class Work:
    """What some threads do together; work that one of them hands on ends with it."""

    def __init__(self, parent: Work | None = None) -> None:
        self.parent = parent
        self.root: Work = parent.root if parent else self
        self.stopped = threading.Event()
        self.busy: dict[int, Any] = {}  # by thread: the connection on which it waits
        self.failing: float | None = None  # of the root: since when nothing useful has come

    def do(self, function: Callable[..., R], *given: Any) -> R:
        """Call a function in a thread of its own, as a part of this work."""
        _current.set(self)
        self.pause(0)
        return function(*given)

    def pause(self, seconds: float) -> None:
        """Wait, unless and until told to stop."""
        if self.parent:
            self.parent.pause(0)
        if self.stopped.wait(seconds):
            raise StoppedError("It was stopped.")

    def stop(self) -> None:
        """Tell all threads to end, and close the connections on which they wait."""
        self.stopped.set()
        for connection in list(self.busy.values()):
            at: Any = getattr(connection, "sock", None)
            with suppress(OSError, TypeError, AttributeError):
                socket.socket.shutdown(getattr(at, "socket", at), socket.SHUT_RDWR)

    def forget(self) -> None:
        """Say that this thread waits on no connection any more."""
        self.busy.pop(threading.get_ident(), None)


def current_work() -> Work:
    """Return the work that this thread is part of."""
    return _current.get() or Work()


class _Noted:
    """A connection that says which thread waits on it."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        work = current_work()
        work.busy[threading.get_ident()] = self
        work.pause(0)
        super().request(*args, **kwargs)  # type: ignore[misc]


class InterruptibleAdapter(HTTPAdapter):
    """An adapter for requests whose connections :meth:`Work.stop` can close."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool for a request, the connections of which are noted, through any proxy."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _Noted):
            pool.ConnectionCls = type("Noted", (_Noted, pool.ConnectionCls), {})
        return pool


class Call(futures.Future[T]):
    """A call in a thread of its own, which ends when nobody waits for it any more."""

    def __init__(self) -> None:
        super().__init__()
        self.work, self.waiting = Work(), list[object]()

    def end(self, error: Exception) -> None:
        """Let it fail with this error, if it has not ended, and its thread stop."""
        with suppress(futures.InvalidStateError):
            self.set_exception(error)
            self.work.stop()


def in_thread(call: Callable[[], T]) -> Call[T]:
    """Begin a call in a thread of its own."""
    done: Call[T] = Call()

    def run() -> None:
        with suppress(futures.InvalidStateError):  # it was told to stop
            try:
                done.set_result(done.work.do(call))
            except BaseException as error:  # it is raised where somebody waits for it
                done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="earthcare-http").start()
    return done


def wait(done: Call[T], seconds: float, late: str) -> T:
    """Return what a call returns, or raise its error anew: without the frames of its thread.

    Those hold secrets, and several may wait for one call. Ctrl-C gets through, also to threads.
    Seconds in which this process does not run, on a computer that sleeps or is busy, do not count.
    """
    work, me, left = current_work(), object(), seconds
    done.waiting.append(me)
    try:
        while left > 0 and not done.done() and not work.stopped.is_set():
            futures.wait([done], min(left, STEP))
            left -= STEP
        if not work.stopped.is_set():
            done.end(ConnectionError(late))
    finally:
        done.waiting.remove(me)
        if not done.waiting:
            done.end(StoppedError("It was stopped."))
    if not done.done():
        raise StoppedError("It was stopped.")
    if error := done.exception():
        raise type(error)(*error.args) from None
    return done.result()
