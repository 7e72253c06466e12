"""Connections that can be closed while another thread waits on them."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter

#: In a thread that works for others: set when it is told to stop.
stopped = ContextVar("stopped", default=threading.Event())  # noqa: B039

_busy: dict[int, _Noted] = {}  # by thread: the connection on which it waits


class StoppedError(ConnectionError):
    """Another thread failed, or somebody pressed stop."""


def pause(seconds: float) -> None:
    """Wait, unless and until this thread is told to stop."""
    if stopped.get().wait(seconds):
        raise StoppedError("It was stopped.")


def shut(thread: int) -> None:
    """Close the connection on which a thread waits, if it does: it gets an error at once."""
    at: Any = getattr(_busy.get(thread), "sock", None)
    with suppress(OSError, TypeError, AttributeError):
        socket.socket.shutdown(getattr(at, "socket", at), socket.SHUT_RDWR)


class _Noted:
    """A connection that says which thread waits on it."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        _busy[threading.get_ident()] = self
        pause(0)
        super().request(*args, **kwargs)  # type: ignore[misc]


class InterruptibleAdapter(HTTPAdapter):
    """An adapter for requests whose connections :func:`shut` can close."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool for a request, the connections of which are noted, through any proxy."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not issubclass(pool.ConnectionCls, _Noted):
            pool.ConnectionCls = type("Noted", (_Noted, pool.ConnectionCls), {})
        return pool


def forget() -> None:
    """Say that this thread waits on no connection any more."""
    _busy.pop(threading.get_ident(), None)
