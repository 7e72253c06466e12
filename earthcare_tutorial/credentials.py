"""Find the offline token on this computer, in the places that EarthCARE tools use, and save it."""

from __future__ import annotations

import base64
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
    from collections.abc import Iterator

    import pandas as pd

TOKEN_PAGE = "https://portal.maap.eo.esa.int/ini/services/auth/token/"  # noqa: S105

# ESA publishes this pair for everyone: it names the program, not the person.
PUBLIC_CLIENT = {"CLIENT_ID": "offline-token", "CLIENT_SECRET": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}

KEYS = ("CLIENT_ID", "CLIENT_SECRET", "OFFLINE_TOKEN")


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


class Secret(str):
    """A string that does not show itself in a traceback, a log or at the end of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<hidden>'"


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
    given = Secret((_prompt() if offline_token is None else offline_token) or "")
    token, _ = clean(given)
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


def _exists(file: Path) -> FileExistsError:
    return FileExistsError(
        f"{_shown(file)} is there already: overwrite=True replaces it, path=... writes elsewhere."
    )


def find_credentials(
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
            return {"OFFLINE_TOKEN": Secret(token)} if isinstance(token, str) else {}
        if form == "json":
            told = json.loads(file.read_text(encoding="utf-8-sig"))
            return {key: Secret(told[key]) for key in KEYS if isinstance(told.get(key), str)}
        return _read_file(file)
    except (OSError, ValueError, AttributeError):
        return {}


def _with_public_client(offline_token: str) -> dict[str, str]:
    return PUBLIC_CLIENT | {"OFFLINE_TOKEN": Secret(offline_token)}


def _read_file(file: Path) -> dict[str, str]:
    """Read KEY=VALUE lines, or a file with nothing but the token."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    pairs = [re.fullmatch(r"(?:export\s+)?([A-Za-z_]+)\s*=(.*)", line) for line in lines]
    if lines and not any(pairs):
        return _with_public_client("\n".join(lines))
    values = {pair[1].upper(): pair[2].strip() for pair in pairs if pair}
    return {
        key: Secret(value if key == "OFFLINE_TOKEN" else value.strip("'\""))
        for key, value in values.items()
        if key in KEYS
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


def clean(raw: str) -> tuple[str, str]:
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
    return Secret(token), " and ".join(cured)


def _claims(token: str) -> dict[str, Any]:
    """Read what a token (JWT) says about itself, unverified; empty when it says nothing."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def offline_end(token: str) -> datetime | None:
    """Return when a token says that it ends; None when it does not say."""
    end = _claims(token).get("exp")
    return datetime.fromtimestamp(end, UTC) if end else None


def days_left(end: datetime) -> int:
    """Return the whole days from now to a time."""
    return (end - datetime.now(UTC)).days


def check_offline(token: str, source: str) -> None:
    """Refuse what is no offline token, or one that has ended, in one sentence."""
    end = offline_end(token)
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
