"""The request log, for tests and benchmarks. It never holds a header other than Range."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Served:
    """One answered request: what was asked, and the status and body size of the answer."""

    method: str
    host: str
    path: str
    range: str | None
    status: int = 0
    bytes: int = 0


#: All requests of an application, oldest first: ``app[REQUESTS]``.
REQUESTS: web.AppKey[list[Served]] = web.AppKey("requests", list)
#: The log line of the request that this task answers.
SERVED: ContextVar[Served] = ContextVar("served")
