"""Secrets that nobody may find, and the helpers that get them."""

from pathlib import Path

import earthcare_tutorial as ect
from tests.earthcare_tutorial.conftest import jwt

OFFLINE = jwt(typ="Offline", sub="canary-of-the-offline-token")
ACCESS = jwt(typ="Bearer", sub="canary-of-the-access-token")
TEXT = "canary-access-token-as-text"
CANARIES = [OFFLINE, ACCESS, TEXT, "access-token-1"]
ANSWER = b'{"access_token": "access-token-1", "expires_in": 300}'
VERBS = {
    "open": lambda url, token: ect.open_granule(url, token, "time"),
    "download": lambda url, token: ect.download(url, token, Path.home() / "files"),
    "check": ect.check_access,
}
