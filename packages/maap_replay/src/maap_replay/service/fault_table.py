"""Everything known to go wrong at ESA MAAP or on the way to it, by name.

The table is its own documentation: `maap_replay.faults` prints it, and the control address of the
replay answers with it. What each fault does is in `fault_acts`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from maap_replay.service import fault_acts as acts
from maap_replay.service import range_acts
from maap_replay.service.responses import PendingResponse

Act = Callable[..., Awaitable[PendingResponse]]

DATA = r"^/data/"
CATALOGUE = r"^/catalogue/"
EXCHANGE = r"^/realms/.*/token"
LANDING = r"^/catalogue/?(\?|$)"
QUERYABLES = r"/queryables(\?|$)"
SEARCH = r"^/catalogue/(search|collections/[^/]+/items)(\?|$)"


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    Parameters
    ----------
    says : str
        What the client sees.
    act : callable
        ``async (request, proceed, **options) -> PendingResponse``.
    path : str
        Regular expression of the addresses it concerns, when none is given.
    times : int or None
        How many requests it spoils, when not said; None until it is cleared.
    after : int
        How many requests of these addresses pass before it begins, when not said.
    options : mapping
        Its settings and their defaults.
    only : callable, optional
        Further condition on a request.
    """

    says: str
    act: Act
    path: str = ""
    times: int | None = 1
    after: int = 0
    options: Mapping[str, float] = field(default_factory=dict)
    only: Callable[[web.Request], Awaitable[bool]] | None = None


_PART = {"part": 0.5}
FAULTS: dict[str, Fault] = {
    "503 burst": Fault(
        "the load balancer's HTML page instead of an answer (`status` 502, 503, 504)",
        *(acts.gateway_page, r"^/(catalogue|data|realms)"),
        options={"status": 503},
    ),
    "retry after": Fault(
        "too many requests: the same page with Retry-After: `seconds` (`status` 429 or 503)",
        *(acts.retry_after, r"^/(catalogue|data|realms)"),
        options={"status": 429, "seconds": 1},
    ),
    "catalogue timeout": Fault(
        "no answer for `seconds`, then the gateway's page for 504",
        *(acts.no_answer, CATALOGUE),
        options={"seconds": 60},
    ),
    "huge answer": Fault(
        "a search that matches more than `more_than` items is the gateway's page for 504, at once",
        *(acts.huge_answer, SEARCH, None),
        options={"more_than": 100_000},
    ),
    "next page fails": Fault(
        "a search's first page comes, a following one is the gateway's page (`status`)",
        *(acts.gateway_page, SEARCH),
        only=acts.asks_for_a_next_page,
        options={"status": 502},
    ),
    "no matches": Fault(
        "numberMatched 0 and no features, although there are", acts.no_matches, SEARCH
    ),
    "short listing": Fault(
        "every second feature is missing; numberMatched is right", acts.short_listing, SEARCH
    ),
    "slow first byte": Fault(
        "the answer begins after `seconds`", acts.slow_first_byte, "", options={"seconds": 2}
    ),
    "slow line": Fault(
        "`latency` seconds before each answer, then no more than `megabytes_per_second`",
        *(acts.slow_line, "", None),
        options={"latency": 0.05, "megabytes_per_second": 2},
    ),
    "cut": Fault("the connection is reset after `part` of the body", acts.cut, DATA, options=_PART),
    "stall": Fault(
        "`part` of the body, silence for `seconds`, then the connection is reset",
        *(acts.stall, DATA),
        options={**_PART, "seconds": 30},
    ),
    "short body": Fault(
        "`part` of the bytes asked for, Content-Length agreeing with what is sent",
        *(acts.short, DATA),
        options=_PART,
    ),
    "short body, full length": Fault(
        "`part` of the bytes that Content-Length promises, then a clean close",
        *(acts.short_and_open, DATA),
        options=_PART,
    ),
    "wrong length": Fault(
        "Content-Length is `factor` times the truth, for GET and HEAD",
        *(acts.wrong_length, DATA),
        options={"factor": 1.1},
    ),
    "login page": Fault("status 200 with the HTML of a login page", acts.login_page, DATA),
    "401 mid-stream": Fault(
        "after two requests a token is refused", acts.unauthorized, DATA, after=2
    ),
    "token rotation": Fault("all access tokens made so far become invalid", acts.rotation, DATA),
    "range ignored": Fault(
        "200 and the whole file for any range", range_acts.range_ignored, DATA, None
    ),
    "corrupt": Fault(
        "one flipped byte in each 4 KiB of a file, its signature intact",
        range_acts.corrupt,
        DATA,
        None,
    ),
    "changed file": Fault(
        "after one request the file has another ETag and is `more_bytes` longer",
        *(range_acts.changed, DATA, None),
        after=1,
        options={"more_bytes": 512},
    ),
    "dropped connection": Fault("the connection is reset without an answer", acts.dropped, ""),
    "no rights": Fault("403 of the S3 layer: AccessDenied", acts.no_rights, DATA),
    "moved": Fault(
        "`status` leads to the same address at another host, localhost, which answers 404",
        *(acts.moved, DATA),
        options={"status": 302},
    ),
    "black hole": Fault(
        "the request is taken and never answered; after `seconds` the connection is reset",
        *(acts.black_hole, "", None),
        options={"seconds": 3600},
    ),
    "drip": Fault(
        "one byte, a `pause` in seconds, one byte, and so on",
        *(range_acts.drip, "", None),
        options={"pause": 0.5},
    ),
    "chunked": Fault(
        "chunked transfer: the body comes without a length", range_acts.unsized, "", None
    ),
    "compressed": Fault("the body is compressed with gzip", range_acts.compressed, "", None),
    "range shifted": Fault(
        "206 with a range that begins `by` bytes later, as Content-Range says",
        *(range_acts.range_shifted, DATA),
        options={"by": 7},
    ),
    "whole as range": Fault(
        "206 with the whole file for any range", range_acts.whole_as_range, DATA, None
    ),
    "tag": Fault(
        "no Last-Modified, and only a `weak` tag of this `version`; with `weak` 0, none",
        *(range_acts.tagged, DATA, None),
        options={"weak": 1, "version": 1},
    ),
    "stated size": Fault(
        "Content-Range says that the file has `size` bytes; 0: that it ends with the range",
        *(range_acts.stated_size, DATA),
        options={"size": 1e15},
    ),
    "offline token ended": Fault(
        "the exchange answers 400: Token is not active", acts.offline_token_ended, EXCHANGE, None
    ),
    "unknown client": Fault(
        "the exchange answers 401: unauthorized_client", acts.unknown_client, EXCHANGE, None
    ),
    "no token": Fault("the exchange answers 200 without an access token", acts.no_token, EXCHANGE),
    "odd lifetime": Fault(
        "how long an access token lasts is (`which`) 0 a word, 1 null, 2 below zero, 3 no number",
        *(acts.odd_lifetime, EXCHANGE),
        options={"which": 0},
    ),
    "tokens repeated": Fault(
        "the exchange is refused in a sentence with the tokens in it",
        acts.tokens_repeated,
        EXCHANGE,
    ),
    "no sorting": Fault(
        "the landing page does not list that searches sort", acts.no_sorting, LANDING, None
    ),
    "no frames": Fault("the queryables do not list the frame", acts.no_frames, QUERYABLES, None),
    "old names": Fault(
        "the queryables list only the names of before February 2026",
        acts.old_names,
        QUERYABLES,
        None,
    ),
}
