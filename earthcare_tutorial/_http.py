"""HTTP as the helpers need it: patient with a busy gateway, and never for longer than it says."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from earthcare_tutorial._threads import InterruptibleAdapter, current_work, in_thread, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tries = Mapping[str, int]

T = TypeVar("T")

TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds between two pieces of the answer
BACKOFF = 0.5  # seconds; the pauses are 0, 0.5, 1.5, 3.5 and 7.5 s, or what the server asks for
LONGEST_PAUSE = 10.0  # seconds, whatever a server's Retry-After says
PATIENCE = 100.0  # seconds for one answer, all attempts together
#: How often to ask, by what came: busy; nothing, or half an answer; something else, as a page of a
#: gateway; what will hardly change, as a wrong certificate.
TRIES = {"busy": 6, "broken": 3, "odd": 3, "hopeless": 1}
BUSY = (408, 425, 429, 500, 502, 503, 504)  # what the load balancer of MAAP answers under load

#: Why there is no answer -> what is wrong, and what to do; the first that fits.
TROUBLES: dict[Any, tuple[str, str]] = {
    ProxyError: ("the proxy does not let it through", "check HTTPS_PROXY"),
    SSLError: (
        "its certificate is not trusted here",
        "a proxy may show its own, of which REQUESTS_CA_BUNDLE names the file, or the clock of"
        " this computer is wrong",
    ),
    NewConnectionError: ("it cannot be reached", "check the network and try again"),
    (requests.Timeout, ReadTimeoutError): ("it stays silent", "try again later"),
    ValueError: ("this is no link", "check the link"),
    Exception: ("the connection broke", "try again"),
}


class CutError(ConnectionError):
    """Answers came, but none to its end."""


@dataclass(eq=False)
class AgainError(Exception):
    """An answer that may be better when asked for again."""

    kind: str  # one of TRIES
    end: Any  # what to return, or the error to raise, when the last answer is like this
    pause: str = ""  # seconds to wait, as a server says it in Retry-After


class _Session(requests.Session):
    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Drop the token when a redirect leads to another host; requests would read ~/.netrc."""
        left, reached = response.request.url, prepared_request.url
        if self.should_strip_auth(left, reached):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def session() -> requests.Session:
    """Return a session that goes through the environment's proxies, but reads no ~/.netrc."""
    made = _Session()
    made.auth = lambda request: request  # with none, requests looks there for a password
    for scheme in ("https://", "http://"):
        made.mount(scheme, InterruptibleAdapter(pool_maxsize=24))  # six for each of four streams
    return made


def persist(once: Callable[[], T], tries: Tries, pause: Callable[[float], Any]) -> T:
    """Do what may raise AgainError until it succeeds, or ``pause`` tells that it is too late."""
    seen = Counter[str]()
    while True:
        try:
            return once()
        except AgainError as error:
            again = error
        seen[again.kind] += 1
        asked, usual = again.pause, BACKOFF * (2 ** (seen.total() - 1) - 1)
        seconds = float(asked) if asked.isdecimal() else usual
        if seen[again.kind] >= tries[again.kind] or pause(min(seconds, LONGEST_PAUSE)):
            break
    # Raised here and not where it was caught, or it would carry the request, and so the token.
    if isinstance(again.end, Exception):
        raise again.end
    return again.end  # type: ignore[no-any-return]


def fetch(
    url: str, using: requests.Session | None = None, **how: Any
) -> tuple[requests.Response, bytes]:
    """Do as :func:`ask`, for at most PATIENCE seconds; Ctrl-C gets through."""
    late = f"No answer from {host_of(url)} in {PATIENCE:.0f} s: try again later."
    return wait(in_thread(lambda: ask(url, using, **how)), PATIENCE, late)


def ask(
    url: str,
    using: requests.Session | None = None,
    *,
    method: str = "GET",
    first: int | None = None,
    good: Callable[[requests.Response, bytes], object] = lambda answer, body: True,
    tries: Tries = TRIES,
    **request: Any,
) -> tuple[requests.Response, bytes]:
    """Get a URL and its body, or its first bytes; again if it is busy, breaks off or is not good.

    ConnectionError when no whole answer came. Nothing is chained to it: frames hold the token.
    """
    how: dict[str, Any] = {"timeout": TIMEOUT, "stream": True} | request
    if first:
        how["headers"] = {"Range": f"bytes=0-{first - 1}", "Accept-Encoding": "identity"}
    with nullcontext(using) if using else session() as opened:

        def once() -> tuple[requests.Response, bytes]:
            try:
                with opened.request(method, url, **how) as answer:
                    pieces = islice(answer.iter_content(1), first) if first else (answer.content,)
                    body = b"".join(pieces)
            except requests.RequestException as error:
                raise AgainError(*no_answer(error, url)) from None
            finally:
                current_work().forget()
            if answer.status_code in BUSY:
                raise AgainError("busy", (answer, body), answer.headers.get("Retry-After", ""))
            if answer.ok and not good(answer, body):
                raise AgainError("odd", (answer, body))
            return answer, body

        return persist(once, tries, current_work().pause)


def as_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object; empty when this is none, or half of one."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def no_answer(error: requests.RequestException, url: str) -> tuple[str, ConnectionError]:
    """Say why there is no answer from the host of a link: its kind, and one sentence."""
    cause = (*error.args, None)[0]
    seen = (error, getattr(cause, "reason", cause))
    fits = (told for kind, told in TROUBLES.items() if any(isinstance(e, kind) for e in seen))
    what, cure = next(fits)
    cut = isinstance(error, ChunkedEncodingError | ContentDecodingError)
    kind = "hopeless" if isinstance(error, SSLError | ProxyError) else "broken"
    sentence = f"No answer from {host_of(url)} ({what}): {cure}."
    return kind, (CutError if cut else ConnectionError)(sentence)


def host_of(url: str) -> str:
    """Return the host of a link, without the user and password that may stand before it."""
    try:
        return urlsplit(url).hostname or "an unknown host"
    except ValueError:
        return "an unknown host"
