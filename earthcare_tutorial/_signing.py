"""What a token looks like, that it shows itself nowhere, and the one rule where it may go."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from reprlib import repr as short
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

TOKEN_PAGE = "https://portal.maap.eo.esa.int/ini/services/auth/token/"  # noqa: S105
# Where ESA MAAP keeps its granules: the only place that a Token goes to.
DATA_ORIGINS = ("https://catalog.maap.eo.esa.int",)
HERE = ("localhost", "127.0.0.1", "::1")  # plain http is no danger on this computer
#: What is often copied along with a token, and its name.
COPIED_ALONG = {
    "[\ufeff\u200b\u2060]": "byte order mark",
    "^['\"\u2018-\u201f]+|['\"\u2018-\u201f]+$": "quotes",
    r"(?i)^bearer\s+": "'Bearer'",
    r"\s+": "line breaks",
}


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


def clean(raw: str) -> tuple[Secret, str]:
    """Remove what is often copied along with a token, and name it."""
    token, cured = raw.strip(), []
    for pattern, name in COPIED_ALONG.items():
        token, times = re.subn(pattern, "", token)
        cured += [name] * bool(times)
    return Secret(token), " and ".join(cured)


def is_token(text: Any) -> bool:
    """Tell whether something can be a token, and so can stand in a header."""
    return isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_.~+/=-]+", text) is not None


def claims(token: str) -> tuple[str, datetime | None]:
    """Read type and end that a token (JWT) tells of itself, unverified: "" and None if it does not.

    An end that is no time in seconds, as one in milliseconds, is not told.
    """
    try:
        payload = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        kind, end = told.get("typ"), told.get("exp")
    except (IndexError, ValueError, AttributeError):
        return "", None
    in_seconds = type(end) in (int, float) and 0 < end < 1e11
    return str(kind or ""), datetime.fromtimestamp(end, UTC) if in_seconds else None


def origin(url: str | None) -> str:
    """Return scheme, host and port of a link, as ``https://host``; empty when it is none."""
    try:
        place = urlsplit(url or "")
        usual = {"http": 80, "https": 443}[place.scheme]
        port = "" if place.port in (None, usual) else f":{place.port}"
    except (ValueError, LookupError):
        return ""
    host = place.hostname or ""
    return f"{place.scheme}://{f'[{host}]' if ':' in host else host}{port}" if host else ""


def auth_for(token: AuthBase | str, url: str, *, from_item: bool) -> AuthBase:
    """Return what signs the requests for a link; an error when the token may not go there.

    A Token goes to ESA MAAP's data host over https only. An access token as text goes to the host
    of a link that the caller wrote, over https, or over http to this computer; where the link
    comes out of an item, ESA MAAP is the only place for either. requests drops what it signed when
    a redirect leads to another host.

    Examples
    --------
    >>> auth_for("an-access-token", "http://example.org/a.h5", from_item=False)
    Traceback (most recent call last):
    ...
    ValueError: The token was not sent to http://example.org: only https keeps it secret.
    """
    auth = token if isinstance(token, AuthBase) else _AccessToken(token, origin(url))
    check_origin(url, from_item=from_item, is_text=auth is not token)
    return auth


def check_origin(url: str, *, from_item: bool = False, is_text: bool = False) -> None:
    """Refuse a link that does not lead to where the token may go."""
    to = origin(url)
    if not to:
        raise ValueError(
            f"{short(str(url).rpartition('@')[2])} is no link: take an item of search(), or the"
            " https link of an .h5 file."
        )
    if "@" in urlsplit(url).netloc:
        raise ValueError(
            f"The link to {to} holds a user name or password: leave it out, the token opens"
            " granules."
        )
    if to in DATA_ORIGINS:
        return
    if is_text and not from_item:
        if to.startswith("https:") or urlsplit(url).hostname in HERE:
            return
        raise ValueError(f"The token was not sent to {to}: only https keeps it secret.")
    what = "where this item's file lies" if from_item else "which is not ESA MAAP over https"
    raise ValueError(
        f"The token was not sent to {to}, {what}: if you trust it, give the link of the file"
        " itself, and as token one of that host's."
    )


class _AccessToken(AuthBase):
    """An access token that somebody gave as text, for one host."""

    def __init__(self, given: str, origin: str) -> None:
        if not isinstance(given, str):
            raise TypeError(f"token is what login() returns, or text, not {type(given).__name__}.")
        self._bearer, self._origin = clean(given)[0], origin
        kind, end = claims(self._bearer)
        if not is_token(self._bearer) or kind in ("Offline", "Refresh"):
            what = "an offline token" if is_token(self._bearer) else "no access token"
            raise ValueError(f"token is {what}: pass what login() returns.")
        if end and end < datetime.now(UTC):
            raise PermissionError(
                f"This access token ended on {end:%Y-%m-%d} at {end:%H:%M} UTC: login() again, and"
                " pass what it returns."
            )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if origin(request.url) == self._origin:
            request.headers["Authorization"] = Secret(f"Bearer {self._bearer}")
        return request
