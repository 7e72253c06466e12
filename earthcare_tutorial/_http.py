"""HTTP as the helpers need it: time-outs, and patience with a busy gateway."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, ReadTimeoutError
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = (15.0, 60.0)  # seconds to connect, seconds between two pieces of the answer
BACKOFF = 0.5  # seconds; the pauses are 0, 1, 2, 4 and 8 s
LONGEST_PAUSE = 60.0  # seconds
TRIES = 3  # for a body that breaks off; the rest is in retry()
BUSY = (408, 425, 429, 500, 502, 503, 504)  # what the load balancer of MAAP answers under load


class _Patience(Retry):
    """Wait as long as a server asks for, within reason."""

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds to wait."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_PAUSE)


def patience(times: int = 5) -> Retry:
    """Return the rule for asking again so many times, but give up sooner on an unknown host."""
    return _Patience(
        total=times,
        connect=2,
        backoff_factor=BACKOFF,
        status_forcelist=BUSY,
        allowed_methods={"GET", "HEAD", "POST"},
        raise_on_status=False,
    )


def session(times: int = 5) -> requests.Session:
    """Return a session that asks again when the gateway is busy or drops the connection."""
    patient = requests.Session()
    for scheme in ("https://", "http://"):
        patient.mount(scheme, HTTPAdapter(max_retries=patience(times)))
    return patient


def with_token(bearer: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Return what puts a token on a request, for ``auth``: requests drops it for other hosts."""

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {bearer}"
        return request

    return sign


def fetch(
    url: str,
    using: requests.Session | None = None,
    **request: Any,
) -> tuple[requests.Response, bytes]:
    """Get a URL, and its body; a header Range keeps it short even if the server ignores it.

    Raises
    ------
    ConnectionError
        When nothing answers, in one sentence.
    """
    patient = using or session()
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.get("headers", {}).get("Range", ""))
    try:
        with patient.get(url, timeout=TIMEOUT, stream=True, **request) as answer:
            if wanted is None:
                return answer, answer.content
            count = int(wanted[2]) - int(wanted[1]) + 1
            return answer, b"".join(itertools.islice(answer.iter_content(count), 1))
    except requests.RequestException as error:
        host = url.split("/")[2]
        raise ConnectionError(
            f"No answer from {host} ({type(error).__name__}): check the network and try again."
        ) from error
    finally:
        if using is None:
            patient.close()


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
