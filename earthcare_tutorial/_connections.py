"""Connections that can be closed while another thread waits on them."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

#: In a thread that works for others: set when it is told to stop.
stopped = ContextVar("stopped", default=threading.Event())  # noqa: B039

_busy: dict[int, HTTPConnection] = {}  # by thread: the connection on which it waits


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
        _busy[threading.get_ident()] = self  # type: ignore[assignment]
        pause(0)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _Plain(_Noted, HTTPConnection):
    pass


class _Secure(_Noted, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class InterruptibleAdapter(HTTPAdapter):
    """An adapter for requests whose connections :func:`shut` can close."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Make the pools behind a proxy."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        if type(manager) is ProxyManager:  # SOCKS has connections of its own
            manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


def forget() -> None:
    """Say that this thread waits on no connection any more."""
    _busy.pop(threading.get_ident(), None)
