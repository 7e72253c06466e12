"""Turn the offline token from the MAAP portal into short-lived access tokens."""

from __future__ import annotations

import base64
import getpass
import json
import os
import re
import stat
import sys
import tempfile
import threading
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from earthcare_tutorial._http import BUSY, TIMEOUT, session
from earthcare_tutorial._notes import _say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

TOKEN_URL = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105
TOKEN_PAGE = "https://portal.maap.eo.esa.int/ini/services/auth/token/"  # noqa: S105

# ESA publishes this pair for everyone: it names the program, not the person.
PUBLIC_CLIENT = {"CLIENT_ID": "offline-token", "CLIENT_SECRET": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}

_KEYS = ("CLIENT_ID", "CLIENT_SECRET", "OFFLINE_TOKEN")
_WARN_DAYS = 7


class Place(NamedTuple):
    """One place where an offline token may lie."""

    tool: str
    place: str  # "$NAME" is an environment variable
    form: str  # "token", "text" (three lines, or the token alone), "toml" or "json"
    is_file: bool = True


# Where login() looks, in this order.
PLACES = (
    Place("this book", "$MAAP_TOKEN", "token", is_file=False),
    Place("this book", "$MAAP_OFFLINE_TOKEN", "token", is_file=False),
    Place("this book", "$MAAP_CREDENTIALS_FILE", "text"),
    Place("this book", "~/credentials.txt", "text"),
    Place("maap-client", "~/.maap/credentials.txt", "text"),
    Place("earthcare-downloader", "~/.cache/earthcare_downloader/token", "text"),
    Place("earthcarekit", "~/.config/earthcarekit/default_config.toml", "toml"),
    Place("csat2", "~/.csat2/earthcare_auth.json", "json"),
    Place("NASA MAAP pages", "~/.config/esa_maap/tokens", "text"),
    Place("pace-earthcare-matchups", "$ESA_MAAP_TOKEN_PATH", "text"),
)
_OWN = "this book"


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
        end = _offline_end(self._offline)
        minutes = (self._ends_at - time.time()) / 60
        days = f"ends on {end:%Y-%m-%d}, {_days_left(end)} days left" if end else "end unknown"
        left = f"{minutes:.0f} minutes left" if minutes > 0 else "ended"
        rows = {
            "source": self.source,
            "offline token": days,
            "access token": f"{left}, renewed in time",
        }
        return pd.DataFrame({"status": rows})

    def _warn_of_end(self) -> None:
        end = _offline_end(self._offline)
        if end and _days_left(end) < _WARN_DAYS:
            _say(f"Your offline token has {_days_left(end)} days left: renew it at {TOKEN_PAGE}.")

    def __repr__(self) -> str:
        minutes = max(0.0, self._ends_at - time.time()) / 60
        end = _offline_end(self._offline)
        days = f"{_days_left(end)} days left" if end else "end unknown"
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
    found, source = _find_credentials(credentials, offline_token, other_tools=other_tools)
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
    token._warn_of_end()
    return token


def credential_places() -> pd.DataFrame:
    """List where :func:`login` looks for the offline token, in that order.

    Returns
    -------
    pandas.DataFrame
        One row per place: the tool that keeps a token there, the place, and its format. A place
        that begins with $ is an environment variable: it holds the token, or names a file.

    Examples
    --------
    >>> credential_places().loc[4, "place"]
    '~/.maap/credentials.txt'
    """
    import pandas as pd

    forms = {
        "token": "the token",
        "text": "three lines, or the token alone",
        "toml": "TOML, key maap_token",
        "json": "JSON, key OFFLINE_TOKEN",
    }
    rows = [
        (place.tool, place.place, ("a file: " if place.is_file else "") + forms[place.form])
        for place in PLACES
    ]
    return pd.DataFrame(rows, columns=["tool", "place", "format"])


def save_credentials(
    offline_token: str | None = None,
    path: str | Path | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write the offline token into a file that only you can read.

    Parameters
    ----------
    offline_token : str, optional
        When left out you are asked for it, and nothing is shown while you paste it.
    path : str or pathlib.Path, optional
        Where to write; otherwise the file that ``MAAP_CREDENTIALS_FILE`` names, or
        ``~/credentials.txt``.
    overwrite : bool, optional
        Replace the file if it is there already, as you do when you renew the token.

    Returns
    -------
    pathlib.Path
        The file, with the three lines that :func:`login` reads.

    Raises
    ------
    FileExistsError
        When the file is there already and `overwrite` is not set.
    ValueError
        When there is no token, or it is not an offline token.
    PermissionError
        When the token has expired already.
    """
    named = path or os.environ.get("MAAP_CREDENTIALS_FILE")
    file = Path(named or "~/credentials.txt").expanduser()
    if file.exists() and not overwrite:
        raise _exists(file)
    given = _Secret((_prompt() if offline_token is None else offline_token) or "")
    token, _ = _clean(given)
    if not token:
        raise ValueError("No token given: paste the long token into the prompt that opens.")
    _check_offline(token, "what you pasted" if offline_token is None else "offline_token")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written beside it with mode 0600 from the start, then put in place at once.
    handle, beside = tempfile.mkstemp(prefix=".credentials-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.writelines(f"{key}={value}\n" for key, value in PUBLIC_CLIENT.items())
            target.write(f"OFFLINE_TOKEN={token}\n")
        Path(beside).replace(file)
    finally:
        Path(beside).unlink(missing_ok=True)
    return file


def _exists(file: Path) -> FileExistsError:
    return FileExistsError(
        f"{_shown(file)} is there already: overwrite=True replaces it, path=... writes elsewhere."
    )


def _find_credentials(
    path: str | Path | None, offline_token: str | None, *, other_tools: bool
) -> tuple[dict[str, str], str]:
    """Return the three values and where they come from."""
    if offline_token is not None:
        return _with_public_client(offline_token), "the argument offline_token"
    if path is not None:
        given = Path(path).expanduser()
        if given.is_file():
            return _read_checked(given), _shown(given)
        raise _nothing_in([_shown(given)])
    looked = []
    for place, file in _places(other_tools=other_tools):
        if file is None:
            return _with_public_client(os.environ[place.place[1:]]), place.place[1:]
        name = _shown(file) if place.place.startswith("~") else place.place[1:]
        shown = name if place.tool == _OWN else f"{name} of {place.tool}"
        looked.append(shown if place.place.startswith("~") else f"{shown} ({_shown(file)})")
        if not file.is_file():
            continue
        if place.tool == _OWN:
            source = f"the {name}" if place.place.startswith("$") else name
            return _read_checked(file), source
        found = _read_other(file, place.form)
        if found.get("OFFLINE_TOKEN"):
            _check_mode(file, _shown(file))
            _say(f"Taking the offline token from {shown}.")
            return PUBLIC_CLIENT | found, shown
        looked[-1] += " (holds no offline token)"
    typed = None if os.environ.get("MAAP_CREDENTIALS_FILE") else _prompt()
    if typed:
        return _with_public_client(typed), "the prompt"
    raise _nothing_in(looked)


def _places(*, other_tools: bool) -> Iterator[tuple[Place, Path | None]]:
    """Yield the places to look at, with the file, or None for a variable that holds the token."""
    for place in PLACES:
        if place.tool != _OWN and not other_tools:
            continue
        if not place.place.startswith("$"):
            yield place, Path(place.place).expanduser()
        elif value := os.environ.get(place.place[1:]):
            yield place, Path(value).expanduser() if place.is_file else None
            if place.place == "$MAAP_CREDENTIALS_FILE":
                return  # a place that somebody named is not left for another


def _nothing_in(places: list[str]) -> FileNotFoundError:
    return FileNotFoundError(
        f"No credentials in {', '.join(places)}. save_credentials() writes the file for you, with"
        f" the offline token that you get at {TOKEN_PAGE}."
    )


def _shown(file: Path) -> str:
    """Return a path as it is safe and short to show."""
    try:
        return (Path("~") / file.relative_to(Path.home())).as_posix()
    except ValueError:
        return str(file)


def _read_checked(file: Path) -> dict[str, str]:
    _check_mode(file, _shown(file))
    return _read_file(file)


def _read_other(file: Path, form: str) -> dict[str, str]:
    """Read the file of another tool; empty when it is not as that tool writes it."""
    try:
        if form == "toml":
            told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
            token = told.get("maap_token")
            return {"OFFLINE_TOKEN": _Secret(token)} if isinstance(token, str) else {}
        if form == "json":
            told = json.loads(file.read_text(encoding="utf-8-sig"))
            return {key: _Secret(told[key]) for key in _KEYS if isinstance(told.get(key), str)}
        return _read_file(file)
    except (OSError, ValueError, AttributeError):
        return {}


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
        raise PermissionError(
            f"Others on this machine can open {shown}: run chmod 600 {shown}, and try again."
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


def _days_left(end: datetime) -> int:
    return (end - datetime.now(UTC)).days


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
