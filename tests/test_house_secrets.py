"""No file holds a secret: no page, committed output, recording or workflow, nor the built book.

Whether a helper shows one that it was given is looked at by tests/trust/test_canary.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.test_house import ROOT, tracked_files

#: ESA publishes this one with its example: the same for everybody, and of no use alone.
PUBLIC = {"p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}
#: Kind of a secret -> what it looks like, written so that this file holds none.
LOOKS = {
    "token of an account": r"\bey" + r"J[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY",
    "key of a cloud": r"\b(?:AK" + r"IA|AS" + r"IA)[A-Z0-9]{16}\b",
    "token of a code host": r"\b(?:gh[pousr]" + r"_|github_" + r"pat_|gl" + r"pat-)\w{20,}",
    "value of a setting": r"(?i)(?:secret|token|passw(?:or)?d|api_?key|authorization)[\"']?"
    r"\s*[:=]\s*[\"']?(?:bearer )?((?=[a-z_+/-]*\d)(?=[\d_+/-]*[a-z])[\w+/-]{20,})",
    "password in an address": r"\w://[^/\s:@{}\"']+:([^/\s:@{}\"']{6,})@",
}
#: One of each kind, made here, and a few that are none.
PLANTED = {
    "token of an account": "ey" + "Jhbdef123." + "a" * 12 + "." + "b" * 12,
    "private key": "-----BEGIN RSA PRIVATE" + " KEY-----",
    "key of a cloud": "AK" + "IA" + "Q" * 16,
    "token of a code host": "gh" + "p_" + "a1" * 15,
    "value of a setting": 'offline_token = "' + "a1b2" * 6,
    "password in an address": "https" + "://someone:hunt3r22@example.org",
}
NONE = [
    "OFFLINE_TOKEN=the-long-token-you-copied",
    "offline_token=maap.secrets.get_secret(name)",
    'TOKEN: "${{ secrets.MAAP_TOKEN }}"',
    "https://[::1]:8080/realms/esa-maap@2",
]


def secrets_in(text: str) -> list[str]:
    """Kinds of secrets in a text, each with its first letters and no more."""
    return [
        f"{kind}: {found[0][:12]}..."
        for kind, look in LOOKS.items()
        for found in re.finditer(look, text)
        if found[found.lastindex or 0] not in PUBLIC
    ]


def found_in(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Secrets in files, of whatever kind they are."""
    texts = {path: path.read_bytes().decode("latin-1") for path in paths if path.is_file()}
    return {str(path): found for path, text in texts.items() if (found := secrets_in(text))}


def test_no_tracked_file_holds_a_secret() -> None:
    assert found_in(tracked_files()) == {}


def test_no_built_page_holds_a_secret() -> None:
    """All that a site would publish, once `make book` has built it."""
    built = [*(ROOT / "_build" / "html").rglob("*")]
    if not built:
        pytest.skip("the book is not built: run `make book` first")
    assert found_in(built) == {}


@pytest.mark.parametrize("kind", LOOKS)
def test_a_secret_of_each_kind_would_be_found(kind: str) -> None:
    (found,) = secrets_in(f"x = 1\n{PLANTED[kind]}\n")
    assert found.startswith(kind)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert secrets_in(text) == []
