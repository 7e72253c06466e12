"""Find the offline token on this computer, in the places that EarthCARE tools use, and save it."""

from __future__ import annotations

import base64
import codecs
import getpass
import json
import os
import re
import stat
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from earthcare_tutorial._notes import _say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

TOKEN_PAGE = "https://portal.maap.eo.esa.int/ini/services/auth/token/"  # noqa: S105

# ESA publishes this pair for everyone: it names the program, not the person.
PUBLIC_CLIENT = {"CLIENT_ID": "offline-token", "CLIENT_SECRET": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}

KEYS = ("CLIENT_ID", "CLIENT_SECRET", "OFFLINE_TOKEN")


class Place(NamedTuple):
    """One place where an offline token may lie."""

    tool: str
    place: str  # "$NAME" is an environment variable: it holds the token, or names a file
    format: str


_VALUE, _FILE = "the token", "a file: three lines, or the token alone"
_TOML, _JSON = "a TOML file, key maap_token", "a JSON file, key OFFLINE_TOKEN"
_OWN = "this book"
# Where login() looks, in this order; at those of other tools only when asked to.
PLACES = (
    Place(_OWN, "$MAAP_OFFLINE_TOKEN", _VALUE),
    Place(_OWN, "$MAAP_CREDENTIALS_FILE", _FILE),
    Place(_OWN, "~/credentials.txt", _FILE),
    Place("earthcare-downloader", "$MAAP_TOKEN", _VALUE),
    Place("earthcare-downloader", "~/.cache/earthcare_downloader/token", _FILE),
    Place("maap-client", "~/.maap/credentials.txt", _FILE),
    Place("earthcarekit", "~/.config/earthcarekit/default_config.toml", _TOML),
    Place("csat2", "~/.csat2/earthcare_auth.json", _JSON),
    Place("NASA MAAP pages", "~/.config/esa_maap/tokens", _FILE),
    Place("pace-earthcare-matchups", "$ESA_MAAP_TOKEN_PATH", _FILE),
)


class Secret(str):
    """A string that does not show itself in a traceback, a log or at the end of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<hidden>'"

    def __getitem__(self, key: Any) -> Secret:
        return Secret(super().__getitem__(key))  # rich and reprlib cut before they show


def hidden(token: Any) -> Any:
    """Return a token given as text so that no traceback shows it; a Token as it is."""
    return Secret(token) if isinstance(token, str) else token


def credential_places() -> pd.DataFrame:
    """List where :func:`login` looks for the offline token, in that order.

    Where the tool is not "this book", it looks with ``other_tools=True`` only.

    Returns
    -------
    pandas.DataFrame
        One row per place: the tool that keeps a token there, the place, and its format. A place
        that begins with $ is an environment variable: it holds the token, or names a file.

    Examples
    --------
    >>> credential_places().loc[2, "place"]
    '~/credentials.txt'
    """
    import pandas as pd

    return pd.DataFrame(PLACES)


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
    offline_token = hidden(offline_token)
    named = path or os.environ.get("MAAP_CREDENTIALS_FILE") or "~/credentials.txt"
    file = _expanded(named)
    if str(file).startswith("~"):
        raise FileNotFoundError("There is no home folder here: path=... says where to write.")
    if file.exists() and not overwrite:
        raise FileExistsError(
            f"{_shown(file)} is there already: overwrite=True replaces it, path=... writes"
            " elsewhere."
        )
    token, _ = clean(_prompt() or "" if offline_token is None else offline_token)
    if not token:
        raise ValueError("No token given: paste the long token into the prompt that opens.")
    check_offline(token, "what you pasted" if offline_token is None else "offline_token")
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


def find_credentials(
    path: str | Path | None, offline_token: str | None, *, other_tools: bool
) -> tuple[dict[str, str], str]:
    """Return the three values and where they come from."""
    if offline_token is not None:
        return _with_public_client(offline_token), "the argument offline_token"
    if path is not None:
        given = _expanded(path)
        if given.is_file():
            return _read_file(_private(given)), _shown(given)
        raise _nothing_in([_shown(given)])
    looked, unasked = [], []
    named = os.environ.get("MAAP_CREDENTIALS_FILE")  # not left for another place
    for place, file in _places(PLACES[: 2 if named else None]):
        own, shown = place.tool == _OWN, place.place.removeprefix("$")
        if file and place.place.startswith("$"):
            shown += f" ({_shown(file)})"
        if not own:
            shown += f" of {place.tool}"
        if file and not file.is_file():
            looked += [shown] * (own or other_tools)
        elif not own and not other_tools:
            unasked.append(shown)
        elif found := _read(place, file):
            if own:
                return found, place.place.removeprefix("$")
            _say(f"Taking the offline token from {shown}.")
            return found, shown
        else:
            looked.append(f"{shown} (holds no offline token)")
    typed = None if named else _prompt()
    if typed:
        return _with_public_client(typed), "the prompt"
    raise _nothing_in(looked, unasked)


def _places(among: Sequence[Place]) -> Iterator[tuple[Place, Path | None]]:
    """Yield those places that there can be, with the file unless the token itself is there."""
    for place in among:
        name = place.place.removeprefix("$")
        value = place.place if name == place.place else os.environ.get(name)
        if value:
            yield place, None if place.format == _VALUE else _expanded(value)


def _read(place: Place, file: Path | None) -> dict[str, str]:
    """Read a place; empty when the file of another tool is not as that tool writes it."""
    if file is None:
        return _with_public_client(os.environ[place.place[1:]])
    if place.tool == _OWN:
        return _read_file(_private(file))
    found = _read_other(file, place.format)
    return PUBLIC_CLIENT | found if "OFFLINE_TOKEN" in found and _private(file) else {}


def _expanded(path: str | Path) -> Path:
    """Return a path with the home folder in place of ~, as it is where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _nothing_in(places: list[str], unasked: Sequence[str] = ()) -> FileNotFoundError:
    others = f" login(other_tools=True) would look at {', '.join(unasked)}." if unasked else ""
    return FileNotFoundError(
        f"No credentials in {', '.join(places)}. save_credentials() writes the file for you, with"
        f" the offline token that you get at {TOKEN_PAGE}.{others}"
    )


def _shown(file: Path) -> str:
    """Return a path as it is safe and short to show."""
    try:
        return (Path("~") / file.relative_to(Path.home())).as_posix()
    except (ValueError, RuntimeError):  # somewhere else; no home folder at all
        return str(file)


def _read_other(file: Path, form: str) -> dict[str, str]:
    try:
        if form == _FILE:
            return _read_file(file)
        told = (tomllib.loads if form == _TOML else json.loads)(_text(file))
    except (OSError, ValueError):
        return {}
    names = {"maap_token": "OFFLINE_TOKEN"} if form == _TOML else {key: key for key in KEYS}
    known = told.items() if isinstance(told, dict) else ()
    return {names[k]: Secret(v) for k, v in known if k in names and isinstance(v, str) and v}


def _with_public_client(offline_token: str) -> dict[str, str]:
    return PUBLIC_CLIENT | {"OFFLINE_TOKEN": Secret(offline_token)}


def _text(file: Path) -> str:
    """Read a text of any encoding: what is no ASCII is in a comment, or no part of a token."""
    raw = file.read_bytes()
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if wide else "utf-8-sig", errors="replace")


def _read_file(file: Path) -> dict[str, str]:
    """Read KEY=VALUE lines, or a file with nothing but the token, wrapped or not."""
    values: dict[str, str] = {}
    bare, key = "", ""
    for line in map(str.strip, _text(file).splitlines()):
        pair = re.fullmatch(r"(?:(?i:export|set)\s+)?([A-Za-z_]+)\s*=(.*)", line)
        if pair:
            key = pair[1].upper()
            values[key] = pair[2].strip()
        elif not line or line.startswith("#"):
            key = ""
        elif key:  # an editor or a mail program has wrapped it
            values[key] += line
        else:
            bare += f"{line}\n"
    if bare and not values:
        return _with_public_client(bare)
    return {
        key: Secret(value if key == "OFFLINE_TOKEN" else value.strip("'\""))
        for key, value in values.items()
        if key in KEYS
    }


def _private(file: Path) -> Path:
    """Return a file, unless others can open it."""
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        shown = _shown(file)
        raise PermissionError(
            f"Others on this machine can open {shown}: run chmod 600 {shown}, and try again."
        )
    return file


def _prompt() -> str | None:
    """Ask for the token where somebody can type it; nothing is shown while they do."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel") and not (sys.stdin and sys.stdin.isatty()):
        return None
    try:
        return getpass.getpass(f"Offline token from {TOKEN_PAGE}: ").strip() or None
    except (EOFError, NotImplementedError):  # a notebook that is run without anybody there
        return None


def clean(raw: str) -> tuple[Secret, str]:
    """Remove what is often copied along with a token, and name it."""
    token, cured = raw.strip(), []
    for pattern, name in (
        ("[\ufeff\u200b\u2060]", "byte order mark"),
        ("^['\"\u2018-\u201f]+|['\"\u2018-\u201f]+$", "quotes"),
        (r"(?i)^bearer\s+", "'Bearer'"),
        (r"\s+", "line breaks"),
    ):
        token, times = re.subn(pattern, "", token)
        if times:
            cured.append(name)
    return Secret(token), " and ".join(cured)


def is_token(text: Any) -> bool:
    """Tell whether something can be a token, and so can stand in a header."""
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.~+/=-]+", text) is not None


def _claims(token: str) -> dict[str, Any]:
    """Read what a token (JWT) says about itself, unverified; empty when it says nothing."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def token_end(token: str) -> datetime | None:
    """Return when a token says that it ends; None when it does not say, or not in seconds."""
    end = _claims(token).get("exp")
    if isinstance(end, bool) or not isinstance(end, int | float) or not 0 < end < 1e11:
        return None  # a later one is in milliseconds
    return datetime.fromtimestamp(end, UTC)


def days_left(end: datetime) -> int:
    """Return the whole days from now to a time."""
    return (end - datetime.now(UTC)).days


def check_offline(token: str, source: str) -> None:
    """Refuse what is no offline token, or one that has ended, in one sentence."""
    end = token_end(token)
    if token.lower().startswith("your"):
        raise ValueError(f"{source} still holds the example text: copy your token of {TOKEN_PAGE}.")
    if not is_token(token):
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


def check_access_token(given: str) -> Secret:
    """Return an access token that was given as text, ready for a header, or refuse it."""
    if not isinstance(given, str):
        raise TypeError(f"token is what login() returns, or text, not {type(given).__name__}.")
    token, _ = clean(given)
    if not is_token(token):
        raise ValueError("token is no access token: pass what login() returns.")
    if _claims(token).get("typ") in ("Offline", "Refresh"):
        raise ValueError("token is an offline token: pass what login() returns.")
    end = token_end(token)
    if end and end < datetime.now(UTC):
        raise PermissionError(
            f"This access token ended on {end:%Y-%m-%d} at {end:%H:%M} UTC: login() again, and"
            " pass what it returns."
        )
    return token
