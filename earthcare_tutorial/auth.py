"""Turn the offline token from the MAAP portal into access tokens, and renew these in time."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import AuthBase

from earthcare_tutorial import _http
from earthcare_tutorial._notes import _say
from earthcare_tutorial._signing import (
    DATA_ORIGINS,
    TOKEN_PAGE,
    Secret,
    check_origin,
    claims,
    clean,
    hidden,
    is_token,
    origin,
)
from earthcare_tutorial._threads import Call, StoppedError, current_work, in_thread, wait
from earthcare_tutorial.credentials import KEYS, check_offline, find_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

TOKEN_URL = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105
RENEWAL_TIMEOUT = (5.0, 8.0)  # seconds, as _http.TIMEOUT: the answer is a kilobyte
RENEWAL_PATIENCE = 25.0  # seconds for a renewal, all attempts together
_REMEMBERED = 10.0  # seconds for which a failed renewal answers for those who ask next
_WARN = timedelta(days=7)  # before the end of the offline token


class Token(AuthBase):
    """The right to read data: puts an access token on a request, and renews it in time.

    Made by :func:`login`, and used as ``requests.get(url, auth=token)``. It goes to ESA MAAP's data
    host over https, and nowhere else. When the server does not accept it, it is renewed and the
    request sent again, once. Threads may share it. What it shows of itself holds no secret; a
    pickle of it does hold the offline token, so that a dask worker can go on reading: send it to
    machines you trust and do not keep it in a file.

    Examples
    --------
    >>> import requests
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-CTH", orbit_and_frame="04537E", baseline="BA")
    >>> first = {"Range": "bytes=0-7"}
    >>> requests.get(ect.h5_url(item), auth=ect.login(), headers=first, timeout=30).status_code
    206
    """

    def __init__(self, offline_token: str, client: dict[str, str], source: str) -> None:
        self.source = source
        self._offline = Secret(offline_token)
        self._end = claims(offline_token)[1]
        self._client = {key: Secret(value) for key, value in client.items()}
        self._access = Secret("")
        self._renew_at = self._ends_at = 0.0  # seconds since 1970, as time.time()
        self._begin()

    def _begin(self) -> None:
        """Set up what belongs to one process; a child has none of the threads that hold locks."""
        self._process = os.getpid()
        self._lock = threading.Lock()  # held for a moment, never while something is asked
        self._renewal: Call[None] | None = None
        self._failed_at = -math.inf  # as time.monotonic()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request to ESA MAAP; refuse any other."""
        check_origin(request.url or "")
        request.headers["Authorization"] = Secret(f"Bearer {self.bearer()}")
        request.hooks["response"].append(self._ask_again)
        return request

    def _ask_again(self, answer: requests.Response, **sending: Any) -> requests.Response:
        """Send a request again, with a new token, when the one that it carried is rejected."""
        request = answer.request.copy()
        rejected = Secret(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if answer.status_code != 401 or not rejected or origin(request.url) not in DATA_ORIGINS:
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
            return self.renew(self._access)
        except ConnectionError:
            if now < self._ends_at:
                return self._access
            raise

    def renew(self, rejected: str | None = None) -> str:
        """Fetch a new access token, unless somebody has replaced the rejected one already.

        It is renewed once for all who wait, and all of them are told if it fails.
        """
        rejected = hidden(rejected)
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if rejected is not None and rejected != self._access:
                return self._access
            failed = rejected is not None and time.monotonic() - self._failed_at < _REMEMBERED
            if self._renewal is None or (self._renewal.done() and not failed):
                self._failed_at = -math.inf
                self._renewal = in_thread(self._exchange)
            renewal = self._renewal
        late = f"No answer from {_http.host_of(TOKEN_URL)} in {RENEWAL_PATIENCE:.0f} s: try later."
        try:
            wait(renewal, RENEWAL_PATIENCE, late)  # who asked first ends it for all
        except StoppedError:
            if current_work().stopped.is_set():
                raise
            return self.renew(rejected)  # it was those who asked before who were stopped
        except OSError:
            if renewal is self._renewal and self._failed_at == -math.inf:
                self._failed_at = time.monotonic()
            raise
        return self._access

    def headers(self) -> dict[str, str]:
        """Return the header that the data server wants to see, for libraries that take headers."""
        return {"Authorization": Secret(f"Bearer {self.bearer()}")}

    def _exchange(self) -> None:
        try:
            answer = _ask_for_access(self._offline, self._client, self.source)
        except OSError:
            self._failed_at = time.monotonic()  # before anybody can see that it has ended
            raise
        told = answer.get("expires_in")
        if not isinstance(told, int | float) or not 0 < told < 1e9:
            told = 300.0  # the service does not say how long it lasts
        now = time.time()
        with self._lock:
            self._access = Secret(answer["access_token"])
            self._ends_at = now + told
            self._renew_at = self._ends_at - min(60.0, 0.2 * told)

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
        minutes = (self._ends_at - time.time()) / 60
        left = f"{minutes:.0f} minutes left" if minutes > 0 else "ended"
        ends = f"ends on {self._end:%Y-%m-%d}, " if self._end else ""
        rows = {
            "source": self.source,
            "offline token": ends + self._left(),
            "access token": f"{left}, renewed in time",
        }
        return pd.DataFrame({"status": rows})

    def _left(self) -> str:
        return f"{(self._end - datetime.now(UTC)).days} days left" if self._end else "end unknown"

    def _warn_of_end(self) -> None:
        if self._end and self._end - datetime.now(UTC) < _WARN:
            _say(f"Your offline token has {self._left()}: renew it at {TOKEN_PAGE}.")

    def __repr__(self) -> str:
        minutes = max(0.0, self._ends_at - time.time()) / 60
        return f"Token({self.source}; access {minutes:.0f} min left, offline token {self._left()})"

    def __getstate__(self) -> dict[str, Any]:
        here = ("_process", "_lock", "_renewal", "_failed_at")
        return {key: value for key, value in vars(self).items() if key not in here}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()


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

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> token = ect.login()
    >>> (item,) = ect.search("A-CTH", orbit_and_frame="04537E", baseline="BA")
    >>> ect.open_granule(item, token, "latitude").sizes["along_track"] > 4000
    True
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
    """Send the offline token to the login service, and to no other address; return the answer."""
    form = {
        "client_id": client["CLIENT_ID"],
        "client_secret": client["CLIENT_SECRET"],
        "grant_type": "refresh_token",
        "refresh_token": offline,
        "scope": "offline_access openid",
    }
    answer, body = _http.ask(
        TOKEN_URL,
        method="POST",
        data=form,
        timeout=RENEWAL_TIMEOUT,
        allow_redirects=False,
        good=lambda _, body: _http.as_json(body),  # not half an answer, nor a page of a gateway
    )
    host, status, told = _http.host_of(TOKEN_URL), answer.status_code, _http.as_json(body)
    if answer.ok and is_token(told.get("access_token")):
        return told
    if answer.is_redirect:
        raise ConnectionError(
            f"{host} wants the offline token sent elsewhere ({status}); it was not. Try again"
            " later."
        )
    if answer.ok or status in _http.BUSY or not told:
        what = "a web page" if body.lstrip().startswith(b"<") else "half an answer"
        instead = "" if told else f", but with {what}"
        raise ConnectionError(
            f"{host} answers {status} without an access token{instead}: try again later."
        )
    reason = str(told.get("error_description") or told.get("error") or "no reason given")
    for secret in (offline, client["CLIENT_SECRET"], *(w for w in reason.split() if len(w) > 30)):
        reason = reason.replace(secret, "<hidden>")
    what, cure = "the client", "check CLIENT_ID and CLIENT_SECRET, then renew OFFLINE_TOKEN"
    if status == 400:
        what, cure = "the offline token", f"get a new one at {TOKEN_PAGE}"
    raise PermissionError(f"MAAP refuses {what} of {source} ({status}, {reason[:200]}): {cure}.")
