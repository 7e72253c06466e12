"""HTTP as the helpers need it: time-outs, and patience with a busy gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = (15.0, 60.0)  # seconds to connect, seconds between two pieces of the answer
BACKOFF = 0.5  # seconds; the pauses are 0, 1, 2, 4 and 8 s
BUSY = (408, 429, 500, 502, 503, 504)  # what the load balancer of MAAP answers under load


def patience() -> Retry:
    """Return the rule for asking again: five times, but give up sooner on an unknown host."""
    return Retry(
        total=5,
        connect=2,
        backoff_factor=BACKOFF,
        status_forcelist=BUSY,
        allowed_methods={"GET", "HEAD", "POST"},
        raise_on_status=False,
    )


def session() -> requests.Session:
    """Return a session that asks again when the gateway is busy or drops the connection."""
    patient = requests.Session()
    for scheme in ("https://", "http://"):
        patient.mount(scheme, HTTPAdapter(max_retries=patience()))
    return patient


def fetch(
    url: str,
    headers: dict[str, str] | None = None,
    sign: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
    first_bytes: int | None = None,
) -> tuple[requests.Response, bytes]:
    """Get a URL, whole or only its first bytes, and let the connection go.

    Raises
    ------
    ConnectionError
        When nothing answers, in one sentence.
    """
    try:
        with (
            session() as patient,
            patient.get(url, headers=headers, auth=sign, timeout=TIMEOUT, stream=True) as answer,
        ):
            if first_bytes is None:
                return answer, answer.content
            return answer, next(answer.iter_content(first_bytes), b"")
    except requests.RequestException as error:
        host = url.split("/")[2]
        raise ConnectionError(
            f"No answer from {host} ({type(error).__name__}): check the network and try again."
        ) from error
