"""HTTP as the helpers need it: patient with a busy gateway, and never for longer than it says."""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds between two pieces of the answer
BACKOFF = 0.5  # seconds; the pauses are 0, 1, 2, 4 and 8 s
LONGEST_PAUSE = 10.0  # seconds, whatever a server's Retry-After says
PATIENCE = 100.0  # seconds for one answer, all attempts together
TRIES = 3  # for a body that breaks off; the rest is in retry()
BUSY = (408, 425, 429, 500, 502, 503, 504)  # what the load balancer of MAAP answers under load


class _Retry(Retry):
    """Wait as long as a server asks for, within reason."""

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds to wait."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_PAUSE)


def retry(times: int = 5) -> Retry:
    """Return the rule for asking again: a busy server so many times, a silent one twice."""
    return _Retry(
        total=times,
        connect=min(2, times),
        read=min(2, times),
        other=0,  # a wrong certificate stays wrong
        backoff_factor=BACKOFF,
        status_forcelist=BUSY,
        allowed_methods={"GET", "HEAD", "POST"},
        raise_on_status=False,
    )


class _Session(requests.Session):
    """A session that goes through the environment's proxies, but reads no password in ~/.netrc."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = lambda request: request  # with none, requests looks into ~/.netrc

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Drop the token when a redirect leads to another host; requests would read ~/.netrc."""
        left, reached = response.request.url, prepared_request.url
        if self.should_strip_auth(left, reached):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def session(times: int = 5, connections: int = 10) -> requests.Session:
    """Return a session that asks again when the gateway is busy or drops the connection."""
    patient = _Session()
    for scheme in ("https://", "http://"):
        adapter = HTTPAdapter(max_retries=retry(times), pool_maxsize=connections)
        patient.mount(scheme, adapter)
    return patient


def fetch(
    url: str, using: requests.Session | None = None, **request: Any
) -> tuple[requests.Response, bytes]:
    """Get a URL, and its body; a header Range keeps it short even if the server ignores it.

    Raises
    ------
    ConnectionError
        When no whole answer came, in one sentence with the cause. Nothing is chained to it: the
        frames of requests hold the token.
    """
    late = f"No answer from {host_of(url)} in {PATIENCE:.0f} s: try again later."
    return wait(in_thread(lambda: _fetch(url, using, request)), PATIENCE, late)


def _fetch(
    url: str, using: requests.Session | None, request: dict[str, Any]
) -> tuple[requests.Response, bytes]:
    patient = using or session()
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.get("headers", {}).get("Range", ""))
    most = int(wanted[2]) - int(wanted[1]) + 1 if wanted else None

    def get() -> tuple[requests.Response, bytes]:
        with patient.get(url, timeout=TIMEOUT, stream=True, **request) as answer:
            return answer, _body(answer, most)

    try:
        return whole(get, url)
    finally:
        if using is None:
            patient.close()


def whole(ask: Callable[[], T], url: str) -> T:
    """Ask again when a body breaks off; when there is no answer at all, the session has done so."""
    for left in reversed(range(TRIES)):
        try:
            return ask()
        except requests.RequestException as error:
            trouble = no_answer(error, url)
            if isinstance((*error.args, None)[0], MaxRetryError):
                break
        time.sleep(BACKOFF * 2 ** (TRIES - 1 - left) if left else 0)
    raise trouble


def _body(answer: requests.Response, most: int | None) -> bytes:
    """Read a body to its end, or as many bytes as were asked for."""
    if most is None:
        return answer.content
    body = b""
    for piece in answer.iter_content(most):
        body += piece
        if len(body) >= most:
            break
    return body[:most]


def no_answer(error: requests.RequestException, url: str) -> ConnectionError:
    """Say why there is no answer from the host of a link, in one sentence."""
    reason = (*error.args, None)[0]
    reason = getattr(reason, "reason", reason)
    what, cure = "the connection broke", "try again"
    if isinstance(error, requests.exceptions.ProxyError):
        what, cure = "the proxy does not let it through", "check HTTPS_PROXY"
    elif isinstance(error, requests.exceptions.SSLError):
        what = "its certificate is not trusted here"
        cure = (
            "a proxy may show its own, of which REQUESTS_CA_BUNDLE names the file, or the clock of"
            " this computer is wrong"
        )
    elif isinstance(reason, NewConnectionError):
        what, cure = "it cannot be reached", "check the network and try again"
    elif isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
        what, cure = "it stays silent", "try again later"
    elif isinstance(error, ValueError):  # as requests says that this is no link
        what, cure = "this is no link", "check the link"
    return ConnectionError(f"No answer from {host_of(url)} ({what}): {cure}.")


def host_of(url: str) -> str:
    """Return the host of a link, without the user and password that may stand before it."""
    try:
        return urlsplit(url).hostname or "an unknown host"
    except ValueError:
        return "an unknown host"


def origin(url: str | None) -> str:
    """Return scheme, host and port of a link, as ``https://host``; empty when it is none."""
    try:
        place = urlsplit(url or "")
        usual = {"http": 80, "https": 443}[place.scheme]
        port = "" if place.port in (None, usual) else f":{place.port}"
    except (ValueError, LookupError):
        return ""
    host = place.hostname or ""
    return f"{place.scheme}://{f'[{host}]' if ':' in host else host}{port}" if host else ""


def is_this_computer(url: str) -> bool:
    """Tell whether a link leads to the computer that we run on."""
    host = host_of(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def in_thread(call: Callable[[], T]) -> Future[T]:
    """Begin a call in a thread of its own, which nobody has to wait for."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # it is raised where somebody waits for it
            done.set_exception(error)
        else:
            done.set_result(result)

    threading.Thread(target=run, daemon=True, name="earthcare-http").start()
    return done


def wait(done: Future[T], seconds: float, late: str) -> T:
    """Return what a call returns, or raise its error anew: without the frames of its thread.

    Those hold secrets, and several may wait for one call. Ctrl-C gets through.
    """
    try:
        error = done.exception(seconds)
    except TimeoutError:
        error = ConnectionError(late)
    if error is None:
        return done.result()
    raise type(error)(*error.args) from None
