"""Turn the offline token from the MAAP portal into access tokens, and say where they may go."""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from earthcare_tutorial import _http
from earthcare_tutorial._notes import _say
from earthcare_tutorial.credentials import (
    KEYS,
    TOKEN_PAGE,
    Secret,
    check_access_token,
    check_offline,
    clean,
    days_left,
    find_credentials,
    hidden,
    is_token,
    token_end,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from pathlib import Path

    import pandas as pd

TOKEN_URL = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105
# Where ESA MAAP keeps its granules: the only place that a Token goes to.
DATA_ORIGINS = ("https://catalog.maap.eo.esa.int",)
RENEWAL_TIMEOUT = (5.0, 8.0)  # seconds, as _http.TIMEOUT: the answer is a kilobyte
RENEWAL_PATIENCE = 25.0  # seconds for a renewal, all attempts together
_REMEMBERED = 10.0  # seconds for which a failed renewal answers for those who ask next
_WARN_DAYS = 7

_tokens: weakref.WeakSet[Token] = weakref.WeakSet()


class Token(AuthBase):
    """The right to read data: puts an access token on a request, and renews it in time.

    Made by :func:`login`, and used as ``requests.get(url, auth=token)``. It goes to ESA MAAP's data
    host over https, and nowhere else. When the server does not accept it, it is renewed and the
    request sent again, once. Threads may share it. What it shows of itself holds no secret; a
    pickle of it does hold the offline token, so that a dask worker can go on reading: send it to
    machines you trust and do not keep it in a file.
    """

    def __init__(self, offline_token: str, client: dict[str, str], source: str) -> None:
        self.source = source
        self._offline = Secret(offline_token)
        self._client = {key: Secret(value) for key, value in client.items()}
        self._access = Secret("")
        self._renew_at = self._ends_at = 0.0  # seconds since 1970, as time.time()
        self._begin()

    def _begin(self) -> None:
        """Set up what belongs to one process; also in the child of a fork."""
        self._lock = threading.Lock()  # held for a moment, never while something is asked
        self._renewal: Future[None] | None = None
        self._asked_at = self._failed_at = -math.inf  # as time.monotonic()
        _tokens.add(self)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request to ESA MAAP; refuse any other."""
        _check_origin(request.url or "", from_item=False)
        request.headers["Authorization"] = Secret(f"Bearer {self.bearer()}")
        request.hooks["response"].append(self._ask_again)
        return request

    def _ask_again(self, answer: requests.Response, **sending: Any) -> requests.Response:
        """Send a request again, with a new token, when the one that it carried is rejected."""
        request = answer.request.copy()
        rejected = Secret(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if (
            answer.status_code != 401
            or not rejected
            or _http.origin(request.url) not in DATA_ORIGINS
        ):
            return answer  # after a redirect to another host there is no token on it
        request.headers["Authorization"] = Secret(f"Bearer {self.renew(rejected)}")
        _ = answer.content  # frees the connection
        answer.close()
        second: requests.Response = answer.connection.send(request, **sending)
        second.history.append(answer)
        second.request = request
        return second

    def bearer(self) -> str:
        """Return an access token that is valid now, renewing it shortly before its end."""
        now = time.time()
        if now < self._renew_at:
            return self._access
        try:
            return self._renewed(self._access)
        except ConnectionError:
            if now < self._ends_at:
                return self._access
            raise

    def renew(self, rejected: str | None = None) -> str:
        """Fetch a new access token, unless somebody has replaced the rejected one already."""
        return self._renewed(None if rejected is None else Secret(rejected))

    def headers(self) -> dict[str, str]:
        """Return the header that the data server wants to see, for libraries that take headers."""
        return {"Authorization": Secret(f"Bearer {self.bearer()}")}

    def _renewed(self, old: str | None) -> str:
        """Renew once for all who wait, and tell all of them if it fails."""
        with self._lock:
            if old is not None and old != self._access:
                return self._access
            now = time.monotonic()
            overdue = now - self._asked_at > RENEWAL_PATIENCE + _REMEMBERED
            failed = old is not None and now - self._failed_at < _REMEMBERED
            if self._renewal is None or overdue or (self._renewal.done() and not failed):
                self._asked_at, self._failed_at = now, -math.inf
                self._renewal = _http.in_thread(self._exchange)
            renewal, left = self._renewal, self._asked_at + RENEWAL_PATIENCE - now
        late = f"No answer from {_http.host_of(TOKEN_URL)} in {RENEWAL_PATIENCE:.0f} s: try later."
        _http.wait(renewal, left, late)
        return self._access

    def _exchange(self) -> None:
        try:
            answer = _ask_for_access(self._offline, self._client, self.source)
        except OSError:
            self._failed_at = time.monotonic()
            raise
        lifetime = _seconds(answer.get("expires_in"))
        now = time.time()
        with self._lock:
            self._access = Secret(answer["access_token"])
            self._ends_at = now + lifetime
            self._renew_at = self._ends_at - min(60.0, 0.2 * lifetime)

    def status(self) -> pd.DataFrame:
        """Return how long both tokens last, as a table; say so when the offline one ends soon.

        Returns
        -------
        pandas.DataFrame
            One row each for the source, the offline token and the access token, in one column.
            Nothing in it is secret or tells who you are.
        """
        import pandas as pd

        self._warn_of_end()
        end = token_end(self._offline)
        minutes = (self._ends_at - time.time()) / 60
        days = f"ends on {end:%Y-%m-%d}, {days_left(end)} days left" if end else "end unknown"
        left = f"{minutes:.0f} minutes left" if minutes > 0 else "ended"
        rows = {
            "source": self.source,
            "offline token": days,
            "access token": f"{left}, renewed in time",
        }
        return pd.DataFrame({"status": rows})

    def _warn_of_end(self) -> None:
        end = token_end(self._offline)
        if end and days_left(end) < _WARN_DAYS:
            _say(f"Your offline token has {days_left(end)} days left: renew it at {TOKEN_PAGE}.")

    def __repr__(self) -> str:
        minutes = max(0.0, self._ends_at - time.time()) / 60
        end = token_end(self._offline)
        days = f"{days_left(end)} days left" if end else "end unknown"
        return f"Token({self.source}; access {minutes:.0f} min left, offline token {days})"

    def __getstate__(self) -> dict[str, Any]:
        here = ("_lock", "_renewal", "_asked_at", "_failed_at")
        return {key: value for key, value in vars(self).items() if key not in here}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()


def _begin_in_child() -> None:
    """Begin anew: a child has none of the threads that may hold its locks."""
    for token in list(_tokens):
        token._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


class _AccessToken(AuthBase):
    """An access token that somebody gave as text, for one host."""

    def __init__(self, bearer: Secret, origin: str) -> None:
        self._bearer, self._origin = bearer, origin

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _http.origin(request.url) == self._origin:
            request.headers["Authorization"] = Secret(f"Bearer {self._bearer}")
        return request


def auth_for(token: Token | str, url: str, *, from_item: bool) -> AuthBase:
    """Return what signs the requests for a link, if the token may go there.

    Parameters
    ----------
    token : Token or str
        A :class:`Token` goes to ESA MAAP's data host over https only. An access token as text goes
        to the host of a link that the caller wrote, over https, or over http to this computer.
    url : str
        The link.
    from_item : bool
        Whether the link comes out of an item: then ESA MAAP is the only place for either.

    Returns
    -------
    requests.auth.AuthBase
        For the ``auth`` of requests, which drops the token when a redirect leads to another host.

    Raises
    ------
    ValueError
        When the token may not go there, or is none, or this is no link.
    PermissionError
        When an access token has ended already.

    Examples
    --------
    >>> auth_for("an-access-token", "http://example.org/a.h5", from_item=False)
    Traceback (most recent call last):
    ...
    ValueError: The token was not sent to http://example.org: only https keeps it secret.
    """
    if isinstance(token, Token):
        _check_origin(url, from_item=from_item)
        return token
    bearer, origin = check_access_token(token), _checked_origin(url)
    if from_item:
        _check_origin(url, from_item=True)
    elif not origin.startswith("https:") and not _http.is_this_computer(url):
        raise ValueError(f"The token was not sent to {origin}: only https keeps it secret.")
    return _AccessToken(bearer, origin)


def _check_origin(url: str, *, from_item: bool) -> None:
    """Refuse a link that does not lead to ESA MAAP's data."""
    origin = _checked_origin(url)
    if origin in DATA_ORIGINS:
        return
    cure = "if you trust it, give the link of the file itself, and as token one of that host's."
    what = "where this item's file lies" if from_item else "which is not ESA MAAP over https"
    raise ValueError(f"The token was not sent to {origin}, {what}: {cure}")


def _checked_origin(url: str) -> str:
    origin = _http.origin(url)
    if not origin:
        raise ValueError(
            f"{str(url).rpartition('@')[2][:80]} is no link: take an item of search(), or the"
            " https link of an .h5 file."
        )
    if "@" in urlsplit(url).netloc:
        raise ValueError(
            f"The link to {origin} holds a user name or password: leave it out, the token opens"
            " granules."
        )
    return origin


def login(
    credentials: str | Path | None = None,
    *,
    offline_token: str | None = None,
    other_tools: bool = False,
) -> Token:
    """Exchange the offline token for an access token, and keep doing so while it is needed.

    The offline token is looked for in the arguments, then in the places that
    :func:`credential_places` lists, in that order, and last at a prompt where somebody can type.
    Where ``MAAP_CREDENTIALS_FILE`` is set, no other file is read.

    Parameters
    ----------
    credentials : str or pathlib.Path, optional
        File with the lines CLIENT_ID=..., CLIENT_SECRET=... and OFFLINE_TOKEN=..., or with
        nothing but the token.
    offline_token : str, optional
        The token itself; better not written into a notebook.
    other_tools : bool, optional
        Look where other EarthCARE tools keep the token, too. It is said when one of them is used.

    Returns
    -------
    Token
        ``requests.get(url, auth=token)`` is allowed to read granules.

    Raises
    ------
    FileNotFoundError
        When there are no credentials anywhere; lists the places.
    ValueError
        When they are incomplete, or are not an offline token.
    PermissionError
        When the token has expired, MAAP refuses it, or others on this machine can open its file.
    ConnectionError
        When the login service does not answer within 25 s.
    """
    offline_token = hidden(offline_token)
    found, source = find_credentials(credentials, offline_token, other_tools=other_tools)
    cleaned, cured = clean(found.pop("OFFLINE_TOKEN", ""))
    missing = [key for key in KEYS if not (found | {"OFFLINE_TOKEN": cleaned}).get(key)]
    if missing:
        raise ValueError(
            f"{source} has no {' and no '.join(missing)}: it needs the three lines"
            f" {', '.join(f'{key}=...' for key in KEYS)} from {TOKEN_PAGE}."
        )
    check_offline(cleaned, source)
    token = Token(cleaned, found, f"{source}, {cured} removed" if cured else source)
    token.renew()
    token._warn_of_end()
    return token


def _ask_for_access(offline: str, client: Mapping[str, str], source: str) -> dict[str, Any]:
    """Send the offline token to the login service and return its answer.

    It is sent to no other address, whatever the service answers.
    """
    form = {
        "client_id": client["CLIENT_ID"],
        "client_secret": client["CLIENT_SECRET"],
        "grant_type": "refresh_token",
        "refresh_token": offline,
        "scope": "offline_access openid",
    }
    host = _http.host_of(TOKEN_URL)
    with _http.session() as patient:
        for _ in range(_http.TRIES):  # a body that is cut, or a page of a gateway
            answer = _http.whole(
                lambda: patient.post(
                    TOKEN_URL, data=form, timeout=RENEWAL_TIMEOUT, allow_redirects=False
                ),
                TOKEN_URL,
            )
            told = _json(answer)
            if not answer.ok or told:
                break
            time.sleep(_http.BACKOFF)
    if answer.ok and is_token(told.get("access_token")):
        return told
    if answer.is_redirect:
        raise ConnectionError(
            f"{host} wants the offline token sent elsewhere ({answer.status_code}); it was not."
            " Try again later."
        )
    if answer.ok or answer.status_code in _http.BUSY or not told:
        page = answer.content.lstrip().startswith(b"<")
        instead = "" if told else f", but with {'a web page' if page else 'half an answer'}"
        raise ConnectionError(
            f"{host} answers {answer.status_code} without an access token{instead}: try again"
            " later."
        )
    reason = str(told.get("error_description") or told.get("error") or "no reason given")
    for secret in (offline, client["CLIENT_SECRET"]):
        reason = reason.replace(secret, "<hidden>")
    if answer.status_code == 400:
        what, cure = "the offline token", f"get a new one at {TOKEN_PAGE}"
    else:
        what, cure = "the client", "check CLIENT_ID and CLIENT_SECRET, then renew OFFLINE_TOKEN"
    raise PermissionError(
        f"MAAP refuses {what} of {source} ({answer.status_code}, {reason[:200]}): {cure}."
    )


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except requests.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(told: Any) -> float:
    """Return how long an access token lasts; 5 minutes when the service does not say."""
    return float(told) if isinstance(told, int | float) and 0 < told < 1e9 else 300.0
