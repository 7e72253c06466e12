"""What lessons ask of the catalogue: on the live archive each question is short, or bounded.

`test_lessons_as_scripts` runs each lesson with `NOTE_REQUESTS` before it, and hands what it noted
to `unbounded`. The rule itself is tested here.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

#: Goes before a script: every request that it makes with requests, urllib or pystac-client.
NOTE_REQUESTS = """
import http.client

_put_request = http.client.HTTPConnection.putrequest


def _note(self, method, url, *args, **kwargs):
    with open("requests", "a") as log:
        log.write(f"{method} {url}\\n")
    return _put_request(self, method, url, *args, **kwargs)


http.client.HTTPConnection.putrequest = _note
"""
LONGEST = timedelta(days=31)
PAGE = 200  # granules; a question that is answered with one such page costs some seconds


def unbounded(log: str) -> list[str]:
    """Return the searches that would read on and on in an archive of 95,000 granules a product.

    A question is bounded by ids, by an orbit, or by a period of at most 31 days. One that only
    counts, or stops after its first page, is short without: the replay's archive is as large as
    the live one, so what is one page here is one page there.
    """
    lines = log.splitlines()
    return [
        line
        for line in lines
        if _is_search(line) and not _is_bounded(line) and not _stops_there(line, lines)
    ]


def _stops_there(line: str, lines: list[str]) -> bool:
    """Whether a question is sent for one page, and no later page of it is asked for."""
    begin = f"{line}&startRecord="
    short = int((re.search(r"[?&]limit=(\d+)", line) or ["", "10"])[1]) <= PAGE
    whole = line.startswith("GET") and "startRecord=" not in line
    return whole and short and not any(other.startswith(begin) for other in lines)


def _is_search(line: str) -> bool:
    return bool(re.search(r" /catalogue/(search|collections/[^/]+/items)(\?|$)", line))


def _is_bounded(line: str) -> bool:
    method, _, address = line.partition(" ")
    if method != "GET":
        return False  # its question is in its body, which is not noted
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    orbit = re.search(r"(orbitNumber|sat:absolute_orbit) *(=|>=|<=) *\d", asked.get("filter", ""))
    limit = int(asked.get("limit", 10))
    days = _days(asked.get("datetime", ""))
    return "ids" in asked or bool(orbit) or days <= LONGEST or limit <= 1


def _days(period: str) -> timedelta:
    start, _, end = period.partition("/")
    if "" in (start, end) or ".." in (start, end):
        return timedelta.max
    return datetime.fromisoformat(end) - datetime.fromisoformat(start)


SEARCH = "GET /catalogue/search?collections=A&limit=200&startRecord=201"


@pytest.mark.parametrize(
    "line",
    [
        f"{SEARCH}&ids=a",
        f"{SEARCH}&filter=productType+%3D+%27M%27+and+sat%3Aabsolute_orbit+%3D+4537",
        f"{SEARCH}&datetime=2025-03-01T00:00:00Z/2025-03-31T23:59:59Z",
        "GET /catalogue/search?collections=A&limit=1&filter=frame+%3D+%27E%27",
        "GET /catalogue/search?collections=A&limit=200&sortby=-datetime",
        "GET /catalogue/search?collections=A&limit=200",
        "GET /catalogue/collections?limit=1000",
        "POST /realms/esa-maap/protocol/openid-connect/token",
    ],
)
def test_a_bounded_question_passes(line: str) -> None:
    assert not unbounded(line)


@pytest.mark.parametrize(
    "line",
    [
        SEARCH,
        f"{SEARCH}&sortby=datetime",
        f"{SEARCH}&datetime=2025-03-01T00:00:00Z/2025-04-02T00:00:00Z",
        f"{SEARCH}&datetime=2025-03-01T00:00:00Z/..",
        f"{SEARCH}&bbox=0,0,1,1&filter=version+%3D+%27ba%27",
        "GET /catalogue/collections/A/items?limit=1000",
        "POST /catalogue/search",
    ],
)
def test_an_unbounded_question_is_seen(line: str) -> None:
    assert unbounded(line) == [line]


def test_a_question_that_reads_on_is_seen() -> None:
    first = "GET /catalogue/search?collections=A&limit=200"
    second = f"{first}&startRecord=201"
    assert unbounded(f"{first}\n{second}") == [first, second]
