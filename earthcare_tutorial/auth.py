"""Turn the offline token from the MAAP portal into short-lived access tokens."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from earthcare_tutorial._http import BUSY, TIMEOUT, session
from earthcare_tutorial._notes import _say
from earthcare_tutorial.credentials import (
    KEYS,
    TOKEN_PAGE,
    Secret,
    check_offline,
    clean,
    days_left,
    find_credentials,
    offline_end,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

TOKEN_URL = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105
_WARN_DAYS = 7


class Token:
    """The right to read data: gives an access token that is valid now, and renews it in time.

    Made by :func:`login`. Threads may share it. What it shows of itself holds no secret; a pickle
    of it does hold the offline token, so that a dask worker can go on reading: send it to machines
    you trust and do not keep it in a file.
    """

    def __init__(self, offline_token: str, client: dict[str, str], source: str) -> None:
        self.source = source
        self._offline = Secret(offline_token)
        self._client = {key: Secret(value) for key, value in client.items()}
        self._access = Secret("")
        self._renew_at = self._ends_at = 0.0  # seconds since 1970, as time.time()
        self._lock = threading.Lock()

    def bearer(self) -> str:
        """Return an access token that is valid now, renewing it shortly before its end."""
        with self._lock:
            if time.time() >= self._renew_at:
                self._exchange()
            return self._access

    def renew(self, rejected: str | None = None) -> str:
        """Fetch a new access token, unless another thread has replaced the rejected one."""
        with self._lock:
            if rejected is None or rejected == self._access:
                self._exchange()
            return self._access

    def headers(self) -> dict[str, str]:
        """Return the header that the data server wants to see."""
        return {"Authorization": Secret(f"Bearer {self.bearer()}")}

    def _exchange(self) -> None:
        answer = _ask_for_access(self._offline, self._client, self.source)
        lifetime = float(answer.get("expires_in") or 300)
        now = time.time()
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
        end = offline_end(self._offline)
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
        end = offline_end(self._offline)
        if end and days_left(end) < _WARN_DAYS:
            _say(f"Your offline token has {days_left(end)} days left: renew it at {TOKEN_PAGE}.")

    def __repr__(self) -> str:
        minutes = max(0.0, self._ends_at - time.time()) / 60
        end = offline_end(self._offline)
        days = f"{days_left(end)} days left" if end else "end unknown"
        return f"Token({self.source}; access {minutes:.0f} min left, offline token {days})"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()


def login(
    credentials: str | Path | None = None,
    *,
    offline_token: str | None = None,
    other_tools: bool = True,
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
        Whether to look where other EarthCARE tools keep the token, too. It is said when one of
        them is used.

    Returns
    -------
    Token
        ``token.bearer()`` is an access token that is valid now.

    Raises
    ------
    FileNotFoundError
        When there are no credentials anywhere; lists the places.
    ValueError
        When they are incomplete, or are not an offline token.
    PermissionError
        When the token has expired, MAAP refuses it, or others on this machine can open its file.
    ConnectionError
        When the login service does not answer.
    """
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

    No exception is chained here: those of requests carry the request, and so the token.
    """
    form = {
        "client_id": client["CLIENT_ID"],
        "client_secret": client["CLIENT_SECRET"],
        "grant_type": "refresh_token",
        "refresh_token": offline,
        "scope": "offline_access openid",
    }
    host = TOKEN_URL.split("/")[2]
    trouble = None
    try:
        with session() as patient:
            answer = patient.post(TOKEN_URL, data=form, timeout=TIMEOUT)
    except requests.RequestException as error:
        trouble = type(error).__name__
    if trouble:
        raise ConnectionError(f"No answer from {host} ({trouble}): check the network.")
    told = _json(answer)
    if answer.ok and told.get("access_token"):
        return told
    if answer.ok or answer.status_code in BUSY or not told:
        raise ConnectionError(
            f"{host} answers {answer.status_code} without an access token: try again later."
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
