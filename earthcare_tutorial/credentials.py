"""Find the offline token on this computer, in the places that EarthCARE tools use, and save it."""

from __future__ import annotations

import codecs
import getpass
import json
import os
import re
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from earthcare_tutorial._notes import _say
from earthcare_tutorial._signing import TOKEN_PAGE, Secret, claims, clean, hidden, is_token

if TYPE_CHECKING:
    import pandas as pd

# ESA publishes this pair for everyone: it names the program, not the person.
PUBLIC_CLIENT = {"CLIENT_ID": "offline-token", "CLIENT_SECRET": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}
KEYS = (*PUBLIC_CLIENT, "OFFLINE_TOKEN")
ALIASES = {"maap_token": "OFFLINE_TOKEN"}  # as earthcarekit calls it


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
    >>> import earthcare_tutorial as ect
    >>> ect.credential_places().loc[2, "place"]
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

    Examples
    --------
    >>> import tempfile
    >>> import earthcare_tutorial as ect
    >>> ect.save_credentials("my-offline-token", tempfile.mkdtemp() + "/maap.txt").name
    'maap.txt'
    """
    offline_token = hidden(offline_token)
    file = _expanded(path or os.environ.get("MAAP_CREDENTIALS_FILE") or "~/credentials.txt")
    if str(file).startswith("~"):
        raise FileNotFoundError("There is no home folder here: path=... says where to write.")
    if file.exists() and not overwrite:
        raise FileExistsError(
            f"{_shown(file)} is there already: overwrite=True replaces it, path=... writes"
            " elsewhere."
        )
    token, _ = clean(_prompt() if offline_token is None else offline_token)
    if not token:
        raise ValueError("No token given: paste the long token into the prompt that opens.")
    check_offline(token, "what you pasted" if offline_token is None else "offline_token")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written beside it with mode 0600 from the start, then put in place at once.
    handle, beside = tempfile.mkstemp(prefix=".credentials-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            for key, value in _with_public_client(token).items():
                target.write(f"{key}={value}\n")
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
            return _read(given, _FILE, own=True), _shown(given)
        if claims(str(path))[0]:
            raise ValueError("That is a token and no file: give it as login(offline_token=...).")
        raise _nothing_in([_shown(given)], [])
    looked: list[str] = []
    unasked: list[str] = []
    named = os.environ.get("MAAP_CREDENTIALS_FILE")  # not left for another place
    for tool, place, form in PLACES[: 2 if named else None]:
        own, name = tool == _OWN, place.removeprefix("$")
        if not (value := place if name == place else os.environ.get(name)):
            continue
        file = None if form == _VALUE else _expanded(value)
        shown = f"{name} ({_shown(file)})" if file and name != place else name
        shown += "" if own else f" of {tool}"
        if file and not file.is_file():
            looked += [shown] * (own or other_tools)
        elif not own and not other_tools:
            unasked.append(shown)
        elif found := _read(file, form, own=own) if file else _with_public_client(value):
            if not own:
                _say(f"Taking the offline token from {shown}.")
            return found, name if own else shown
        else:
            looked.append(f"{shown} (holds no offline token)")
    if not named and (typed := _prompt()):
        return _with_public_client(typed), "the prompt"
    raise _nothing_in(looked, unasked)


def _nothing_in(places: list[str], unasked: list[str]) -> FileNotFoundError:
    others = f" login(other_tools=True) would look at {', '.join(unasked)}." if unasked else ""
    return FileNotFoundError(
        f"No credentials in {', '.join(places)}. save_credentials() writes the file for you, with"
        f" the offline token that you get at {TOKEN_PAGE}.{others}"
    )


def _with_public_client(offline_token: str) -> dict[str, str]:
    return PUBLIC_CLIENT | {"OFFLINE_TOKEN": Secret(offline_token)}


def _expanded(path: str | Path) -> Path:
    """Return a path with the home folder in place of ~, as it is where there is none."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, as that of pathlib raises


def _shown(file: Path) -> str:
    """Return a path as it is safe and short to show."""
    home = _expanded("~")
    return f"~/{file.relative_to(home).as_posix()}" if file.is_relative_to(home) else str(file)


def _read(file: Path, form: str, *, own: bool) -> dict[str, str]:
    """Read a file that nobody else can open; empty if another tool's holds no offline token."""
    try:
        raw = file.read_bytes()
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        # What is no ASCII is in a comment, or no part of a token.
        text = raw.decode("utf-16" if wide else "utf-8-sig", errors="replace")
        told = {_TOML: tomllib.loads, _JSON: json.loads}.get(form, _lines)(text)
        told = {ALIASES.get(key, key): value for key, value in dict(told).items()}
    except (OSError, ValueError, TypeError):
        if own:
            raise
        return {}
    texts = ((key, told.get(key)) for key in KEYS)
    found: dict[str, str] = {k: Secret(v) for k, v in texts if v and isinstance(v, str)}
    if not own and "OFFLINE_TOKEN" not in found:
        return {}
    if os.name == "posix" and file.stat().st_mode & 0o077:
        shown = _shown(file)
        raise PermissionError(
            f"Others on this machine can open {shown}: run chmod 600 {shown}, and try again."
        )
    return found if own else PUBLIC_CLIENT | found


def _lines(text: str) -> dict[str, str]:
    """Read KEY=VALUE lines, or a text with nothing but the token, wrapped or not."""
    values, key = {"": ""}, ""
    for line in map(str.strip, text.splitlines()):
        pair = re.fullmatch(r"(?:(?i:export|set)\s+)?([A-Za-z_]+)\s*=(.*)", line)
        if pair:
            key = pair[1].upper()
            values[key] = pair[2].strip()
        elif not line or line.startswith("#"):
            key = ""
        else:  # an editor or a mail program has wrapped it
            values[key] += line if key else f"{line}\n"
    alone = values.pop("")
    if alone and not values:
        return _with_public_client(alone)
    return {k: v if k == "OFFLINE_TOKEN" else v.strip("'\"") for k, v in values.items()}


def _prompt() -> str:
    """Ask for the token where somebody can type it; nothing is shown while they do."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel") and not (sys.stdin and sys.stdin.isatty()):
        return ""
    try:
        return getpass.getpass(f"Offline token from {TOKEN_PAGE}: ").strip()
    except (EOFError, NotImplementedError):  # a notebook that is run without anybody there
        return ""


def check_offline(token: str, source: str) -> None:
    """Refuse what is no offline token, or one that has ended, in one sentence."""
    kind, end = claims(token)
    if token.lower().startswith("your"):
        raise ValueError(f"{source} still holds the example text: copy your token of {TOKEN_PAGE}.")
    if not is_token(token):
        raise ValueError(f"{source} holds more than a token: copy only the token of {TOKEN_PAGE}.")
    if kind == "Bearer":
        what = "an access token, which is good for a few hours"
        raise ValueError(f"{source} holds {what}: put the offline token of {TOKEN_PAGE} there.")
    if end and end < datetime.now(UTC):
        what = f"The offline token of {source} expired on {end:%Y-%m-%d}"
        raise PermissionError(f"{what}: get a new one at {TOKEN_PAGE}.")
