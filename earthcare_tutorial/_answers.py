"""What the data server's answer to the first bytes of a granule means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_tutorial._http import BUSY
from earthcare_tutorial.credentials import TOKEN_PAGE

if TYPE_CHECKING:
    import requests

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: The rungs on the way to the data, in the order in which they are climbed, with what to do when
#: one breaks.
RUNGS = {
    "address": "take the link from search() or pick_assets()",
    "network": "check the network, then try again",
    "offline token": "get a new one, save_credentials() puts it away",
    "access token": "login() again",
    "account": "open the token page once, check the collection",
    "data": "try another granule, or later",
}


def judge(answer: requests.Response, start: bytes, name: str) -> tuple[str, str]:
    """Return the rung that broke, empty if none did, and what was seen there."""
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    if status == 401:
        return "access token", "The data server does not accept the access token (401)."
    if status == 403:
        return "account", (
            f"The data server refuses {name} (403). It says the same in three cases: your account"
            f" has not been activated at {TOKEN_PAGE}, has no right to this collection, or there"
            " is no such file."
        )
    if status in (404, 410):
        return "address", f"The data server has no file {name} ({status})."
    if status in BUSY:
        return "network", f"The data server is busy ({status})."
    if answer.ok and start.startswith(SIGNATURE):
        return "", ""
    if answer.ok and ("html" in kind or start.lstrip().startswith(b"<")):
        return "account", (
            f"The data server sends a web page in place of {name}: open {TOKEN_PAGE} in a browser"
            " to see what it asks of you, then login() again."
        )
    return "data", f"What the data server sends for {name} does not begin as HDF5 does ({status})."
