"""The request log, for tests and benchmarks. It never holds a header other than Range.

Of a token it says which one it was, not what it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Served:
    """One answered request: what was asked, and the status and body size of the answer.

    `token` is None without an Authorization header, else the number of the access token in the
    order in which they were issued, from 1; 0 for one that was not issued here.
    """

    method: str
    host: str
    path: str
    range: str | None
    token: int | None = None
    status: int = 0
    bytes: int = 0


#: All requests of an application, oldest first: ``app[REQUESTS]``.
REQUESTS: web.AppKey[list[Served]] = web.AppKey("requests", list)
#: The log line of the request that this task answers.
SERVED: ContextVar[Served] = ContextVar("served")
