"""HTTP as the helpers need it: patient with a busy gateway, and never for longer than it says."""

from __future__ import annotations

import json
import threading
from concurrent import futures
from contextlib import nullcontext, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Retry

from earthcare_tutorial import _connections
from earthcare_tutorial._connections import StoppedError, pause, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds between two pieces of the answer
BACKOFF = 0.5  # seconds; the pauses are 0, 1, 2, 4 and 8 s
LONGEST_PAUSE = 10.0  # seconds, whatever a server's Retry-After says
PATIENCE = 100.0  # seconds for one answer, all attempts together
STEP = 0.2  # seconds after which one who waits looks whether it was stopped
TRIES = 3  # for a body that breaks off or is not as it should be; the rest is in session()
BUSY = (408, 425, 429, 500, 502, 503, 504)  # what the load balancer of MAAP answers under load

_SILENT = ("it stays silent", "try again later")
#: Why there is no answer -> what is wrong, and what to do; the first that fits.
TROUBLES = {
    ProxyError: ("the proxy does not let it through", "check HTTPS_PROXY"),
    SSLError: (
        "its certificate is not trusted here",
        "a proxy may show its own, of which REQUESTS_CA_BUNDLE names the file, or the clock of"
        " this computer is wrong",
    ),
    NewConnectionError: ("it cannot be reached", "check the network and try again"),
    requests.Timeout: _SILENT,
    ReadTimeoutError: _SILENT,
    ValueError: ("this is no link", "check the link"),
    Exception: ("the connection broke", "try again"),
}


class CutError(ConnectionError):
    """Answers came, but none to its end."""


class _Retry(Retry):
    def increment(self, *args: Any, **kwargs: Any) -> Any:
        """Ask again, unless told to stop."""
        pause(0)
        return super().increment(*args, **kwargs)

    def sleep(self, response: Any = None) -> None:
        """Wait before asking again."""
        pause((response and self.get_retry_after(response)) or self.get_backoff_time())

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds that a server asks to wait, within reason."""
        return min(super().get_retry_after(response) or 0.0, LONGEST_PAUSE) or None


class _Session(requests.Session):
    def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
        """Drop the token when a redirect leads to another host; requests would read ~/.netrc."""
        left, reached = response.request.url, prepared_request.url
        if self.should_strip_auth(left, reached):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def session(times: int = 5) -> requests.Session:
    """Return a session that asks a busy server again so many times, and a silent one twice.

    It goes through the environment's proxies, but reads no password in ~/.netrc.
    """
    patient = _Session()
    patient.auth = lambda request: request  # with none, requests looks into ~/.netrc
    rule = _Retry(
        total=times,
        connect=min(2, times),
        read=min(2, times),
        other=0,  # a wrong certificate stays wrong
        backoff_factor=BACKOFF,
        status_forcelist=BUSY,
        allowed_methods={"GET", "POST"},
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        patient.mount(scheme, _connections.InterruptibleAdapter(max_retries=rule))
    return patient


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
    **request: Any,
) -> tuple[requests.Response, bytes]:
    """Get a URL and its body, or its first bytes; again if it breaks off or is not good.

    Raises
    ------
    ConnectionError
        When no whole answer came, in one sentence with the cause. Nothing is chained to it: the
        frames of requests hold the token.
    """
    how: dict[str, Any] = {"timeout": TIMEOUT, "stream": True} | request
    if first:
        how["headers"] = {"Range": f"bytes=0-{first - 1}", "Accept-Encoding": "identity"}
    trouble: ConnectionError | None = None
    with nullcontext(using) if using else session() as patient:
        for tried in range(TRIES):
            pause(BACKOFF * tried)
            try:
                with patient.request(method, url, **how) as answer:
                    pieces = islice(answer.iter_content(1), first) if first else (answer.content,)
                    body = b"".join(pieces)
            except requests.RequestException as error:
                trouble = no_answer(error, url)
                if isinstance((*error.args, None)[0], MaxRetryError):  # the session has asked again
                    break
                continue
            finally:
                _connections.forget()
            trouble = None
            if not answer.ok or good(answer, body):
                break
    if trouble:
        raise trouble
    return answer, body


def as_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object; empty when this is none, or half of one."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def no_answer(error: requests.RequestException, url: str) -> ConnectionError:
    """Say why there is no answer from the host of a link, in one sentence."""
    cause = (*error.args, None)[0]
    seen = (error, getattr(cause, "reason", cause))
    fits = (told for kind, told in TROUBLES.items() if any(isinstance(e, kind) for e in seen))
    what, cure = next(fits)
    cut = isinstance(error, ChunkedEncodingError | ContentDecodingError)
    return (CutError if cut else ConnectionError)(
        f"No answer from {host_of(url)} ({what}): {cure}."
    )


def host_of(url: str) -> str:
    """Return the host of a link, without the user and password that may stand before it."""
    try:
        return urlsplit(url).hostname or "an unknown host"
    except ValueError:
        return "an unknown host"


class Call(futures.Future[T]):
    """A call in a thread of its own, which ends when nobody waits for it any more."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped, self.waiting, self.thread = threading.Event(), list[object](), 0

    def end(self, error: Exception) -> None:
        """Let it fail with this error, if it has not ended, and its thread stop."""
        with suppress(futures.InvalidStateError):
            self.set_exception(error)
            self.stopped.set()
            _connections.shut(self.thread)


def in_thread(call: Callable[[], T]) -> Call[T]:
    """Begin a call in a thread of its own."""
    done: Call[T] = Call()

    def run() -> None:
        done.thread = threading.get_ident()
        stopped.set(done.stopped)
        with suppress(futures.InvalidStateError):  # it was told to stop
            try:
                done.set_result(call())
            except BaseException as error:  # it is raised where somebody waits for it
                done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="earthcare-http").start()
    return done


def wait(done: Call[T], seconds: float, late: str) -> T:
    """Return what a call returns, or raise its error anew: without the frames of its thread.

    Those hold secrets, and several may wait for one call. Ctrl-C gets through, also to threads.
    Seconds in which this process does not run, on a computer that sleeps or is busy, do not count.
    """
    told, me, left = stopped.get(), object(), seconds
    done.waiting.append(me)
    try:
        while left > 0 and not done.done() and not told.is_set():
            futures.wait([done], min(left, STEP))
            left -= STEP
        if not told.is_set():
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
