"""Turn the offline token from the MAAP portal into short-lived access tokens."""

from __future__ import annotations

import base64
import getpass
import json
import os
import re
import stat
import sys
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from earthcare_tutorial._http import BUSY, TIMEOUT, session

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_URL = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105
TOKEN_PAGE = "https://portal.maap.eo.esa.int/ini/services/auth/token/"  # noqa: S105

# ESA publishes this pair for everyone: it names the program, not the person.
PUBLIC_CLIENT = {"CLIENT_ID": "offline-token", "CLIENT_SECRET": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}

_KEYS = ("CLIENT_ID", "CLIENT_SECRET", "OFFLINE_TOKEN")


class _Secret(str):
    """A string that does not show itself in a traceback, a log or at the end of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<hidden>'"


class Token:
    """The right to read data: gives an access token that is valid now, and renews it in time.

    Made by :func:`login`. Threads may share it. What it shows of itself holds no secret; a pickle
    of it does hold the offline token, so that a dask worker can go on reading: send it to machines
    you trust and do not keep it in a file.
    """

    def __init__(self, offline_token: str, client: dict[str, str], source: str) -> None:
        self.source = source
        self._offline = _Secret(offline_token)
        self._client = {key: _Secret(value) for key, value in client.items()}
        self._access = _Secret("")
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
        return {"Authorization": _Secret(f"Bearer {self.bearer()}")}

    def _exchange(self) -> None:
        answer = _ask_for_access(self._offline, self._client, self.source)
        lifetime = float(answer.get("expires_in") or 300)
        now = time.time()
        self._access = _Secret(answer["access_token"])
        self._ends_at = now + lifetime
        self._renew_at = self._ends_at - min(60.0, 0.2 * lifetime)

    def __repr__(self) -> str:
        minutes = max(0.0, self._ends_at - time.time()) / 60
        end = _offline_end(self._offline)
        days = f"{(end - datetime.now(UTC)).days} days left" if end else "end unknown"
        return f"Token({self.source}; access {minutes:.0f} min left, offline token {days})"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = threading.Lock()


def login(credentials: str | Path | None = None, *, offline_token: str | None = None) -> Token:
    """Exchange the offline token for an access token, and keep doing so while it is needed.

    The offline token is looked for in this order: the arguments, the environment variable
    ``MAAP_TOKEN``, the file that ``MAAP_CREDENTIALS_FILE`` names, ``~/credentials.txt``, and a
    prompt where somebody can type.

    Parameters
    ----------
    credentials : str or pathlib.Path, optional
        File with the lines CLIENT_ID=..., CLIENT_SECRET=... and OFFLINE_TOKEN=..., or with
        nothing but the token.
    offline_token : str, optional
        The token itself; better not written into a notebook.

    Returns
    -------
    Token
        ``token.bearer()`` is an access token that is valid now.

    Raises
    ------
    FileNotFoundError
        When there are no credentials anywhere.
    ValueError
        When they are incomplete, or are not an offline token.
    PermissionError
        When the token has expired, or MAAP refuses it.
    ConnectionError
        When the login service does not answer.
    """
    found, source = _find_credentials(credentials, offline_token)
    cleaned, cured = _clean(found.pop("OFFLINE_TOKEN", ""))
    missing = [key for key in _KEYS if not (found | {"OFFLINE_TOKEN": cleaned}).get(key)]
    if missing:
        raise ValueError(
            f"{source} has no {' and no '.join(missing)}: it needs the three lines"
            f" {', '.join(f'{key}=...' for key in _KEYS)} from {TOKEN_PAGE}."
        )
    _check_offline(cleaned, source)
    token = Token(cleaned, found, f"{source}, {cured} removed" if cured else source)
    token.renew()
    return token


def _find_credentials(
    path: str | Path | None, offline_token: str | None
) -> tuple[dict[str, str], str]:
    """Return the three values and where they come from."""
    if offline_token is not None:
        return _with_public_client(offline_token), "the argument offline_token"
    if path is None and os.environ.get("MAAP_TOKEN"):
        return _with_public_client(os.environ["MAAP_TOKEN"]), "MAAP_TOKEN"
    named = path or os.environ.get("MAAP_CREDENTIALS_FILE")
    file = Path(named or "~/credentials.txt").expanduser()
    shown = str(file).replace(str(Path.home()), "~")
    if file.is_file():
        _check_mode(file, shown)
        return _read_file(file), shown if path or not named else "the MAAP_CREDENTIALS_FILE"
    typed = None if named else _prompt()
    if typed:
        return _with_public_client(typed), "the prompt"
    raise FileNotFoundError(
        f"No credentials in {shown}: it needs the three lines CLIENT_ID=offline-token,"
        f" CLIENT_SECRET={PUBLIC_CLIENT['CLIENT_SECRET']} (the same for everyone) and"
        f" OFFLINE_TOKEN=<your token from {TOKEN_PAGE}>."
    )


def _with_public_client(offline_token: str) -> dict[str, str]:
    return PUBLIC_CLIENT | {"OFFLINE_TOKEN": _Secret(offline_token)}


def _read_file(file: Path) -> dict[str, str]:
    """Read KEY=VALUE lines, or a file with nothing but the token."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    pairs = [re.fullmatch(r"(?:export\s+)?([A-Za-z_]+)\s*=(.*)", line) for line in lines]
    if lines and not any(pairs):
        return _with_public_client("\n".join(lines))
    values = {pair[1].upper(): pair[2].strip() for pair in pairs if pair}
    return {
        key: _Secret(value if key == "OFFLINE_TOKEN" else value.strip("'\""))
        for key, value in values.items()
        if key in _KEYS
    }


def _check_mode(file: Path, shown: str) -> None:
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.warn(
            f"Others on this machine can open {shown}: run chmod 600 {shown}.", stacklevel=4
        )


def _prompt() -> str | None:
    """Ask for the token where somebody can type it; nothing is shown while they do."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel") and not (sys.stdin and sys.stdin.isatty()):
        return None
    try:
        return getpass.getpass(f"Offline token from {TOKEN_PAGE}: ").strip() or None
    except (EOFError, NotImplementedError):  # a notebook that is run without anybody there
        return None


def _clean(raw: str) -> tuple[str, str]:
    """Remove what is often copied along with a token, and name it."""
    token, cured = raw.strip(), []
    for pattern, name in (
        ("\ufeff", "byte order mark"),
        (r"^['\"]+|['\"]+$", "quotes"),
        (r"(?i)^bearer\s+", "'Bearer'"),
        (r"\s+", "line breaks"),
    ):
        token, times = re.subn(pattern, "", token)
        if times:
            cured.append(name)
    return _Secret(token), " and ".join(cured)


def _claims(token: str) -> dict[str, Any]:
    """Read what a token (JWT) says about itself, unverified; empty when it says nothing."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _offline_end(token: str) -> datetime | None:
    end = _claims(token).get("exp")
    return datetime.fromtimestamp(end, UTC) if end else None


def _check_offline(token: str, source: str) -> None:
    end = _offline_end(token)
    if token.lower().startswith("your"):
        raise ValueError(f"{source} still holds the example text: copy your token of {TOKEN_PAGE}.")
    if not re.fullmatch(r"[\w.~+/=-]+", token):
        raise ValueError(f"{source} holds more than a token: copy only the token of {TOKEN_PAGE}.")
    if _claims(token).get("typ") == "Bearer":
        raise ValueError(
            f"{source} holds an access token, which is good for a few hours:"
            f" put the offline token of {TOKEN_PAGE} there."
        )
    if end and end < datetime.now(UTC):
        raise PermissionError(
            f"The offline token of {source} expired on {end:%Y-%m-%d}:"
            f" get a new one at {TOKEN_PAGE}."
        )


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
