"""Everything known to go wrong at ESA MAAP or on the way to it, by name.

A fault is a function of a request that may go on (``await proceed()``), change the answer it gets,
or answer in the service's place. The table at the end is its documentation: `maap_replay.faults`
prints it, and the control address of the replay answers with it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from maap_replay.service import pieces
from maap_replay.service.answers import Answer, Proceed, simple
from maap_replay.service.tokens import ISSUED

Act = Callable[..., Awaitable[Answer]]

DATA = r"^/data/"
CATALOGUE = r"^/catalogue/"
SEARCH = r"^/catalogue/(search|collections/[^/]+/items)(\?|$)"


@dataclass(frozen=True)
class Fault:
    """One line of the table.

    Parameters
    ----------
    says : str
        What the client sees.
    act : callable
        ``async (request, proceed, **options) -> Answer``.
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


async def _gateway_page(_: web.Request, __: Proceed, *, status: float) -> Answer:
    return _nginx(int(status))


async def _retry_after(_: web.Request, __: Proceed, *, status: float, seconds: float) -> Answer:
    answer = _nginx(int(status))
    answer.headers["Retry-After"] = f"{seconds:.0f}"
    return answer


async def _no_answer(_: web.Request, __: Proceed, *, seconds: float) -> Answer:
    await asyncio.sleep(seconds)
    return _nginx(504)


async def _slow_first_byte(_: web.Request, proceed: Proceed, *, seconds: float) -> Answer:
    await asyncio.sleep(seconds)
    return await proceed()


async def _slow_line(
    _: web.Request, proceed: Proceed, *, latency: float, megabytes_per_second: float
) -> Answer:
    await asyncio.sleep(latency)
    answer = await proceed()
    answer.pieces = pieces.paced(answer.pieces, megabytes_per_second * 1e6)
    return answer


async def _cut(_: web.Request, proceed: Proceed, *, part: float) -> Answer:
    answer = await proceed()
    answer.pieces, answer.ending = _part(answer, part), "abort"
    return answer


async def _stall(_: web.Request, proceed: Proceed, *, part: float, seconds: float) -> Answer:
    answer = await proceed()
    answer.pieces, answer.ending = pieces.stalled(_part(answer, part), seconds), "abort"
    return answer


async def _short(_: web.Request, proceed: Proceed, *, part: float) -> Answer:
    answer = await proceed()
    answer.pieces = _part(answer, part)
    if answer.length is not None:
        answer.length = int(answer.length * part)  # Content-Range, if any, still promises all
    return answer


async def _short_and_open(_: web.Request, proceed: Proceed, *, part: float) -> Answer:
    answer = await proceed()
    answer.pieces, answer.ending = _part(answer, part), "close"
    return answer


async def _wrong_length(_: web.Request, proceed: Proceed, *, factor: float) -> Answer:
    answer = await proceed()
    if answer.length is not None:
        answer.length, answer.ending = int(answer.length * factor), "close"
    return answer


async def _login_page(_: web.Request, __: Proceed) -> Answer:
    page = (
        "<!DOCTYPE html>\n<html><head><title>Sign in to esa-maap</title></head><body>"
        '<form id="kc-form-login" method="post">Sign in to your account</form></body></html>\n'
    )
    return simple(200, page, "text/html")


async def _unauthorized(_: web.Request, __: Proceed) -> Answer:
    body = {"code": "Unauthorized", "description": "The access token is not accepted."}
    return simple(
        401, json.dumps(body), "application/json", WWW_Authenticate='Bearer realm="esa-maap"'
    )


async def _rotation(request: web.Request, proceed: Proceed) -> Answer:
    request.app[ISSUED].clear()
    return await proceed()


async def _range_ignored(_: web.Request, proceed: Proceed) -> Answer:
    answer = await proceed()
    if answer.whole is not None:
        answer.first, answer.length = 0, answer.whole.stat().st_size
        answer.pieces, answer.status = pieces.of_part(answer.whole, 0, answer.length), 200
        for name in ("Content-Range", "Accept-Ranges"):
            answer.headers.popall(name, None)
    return answer


async def _corrupt(_: web.Request, proceed: Proceed) -> Answer:
    answer = await proceed()
    if answer.whole is not None:
        answer.pieces = pieces.flipped(answer.pieces, answer.first)
    return answer


async def _changed(request: web.Request, proceed: Proceed, *, more_bytes: float) -> Answer:
    answer = await proceed()
    if answer.whole is None:
        return answer
    size = answer.whole.stat().st_size
    answer.headers["ETag"] = f'"changed-{size + int(more_bytes):x}"'
    answer.headers.popall("Last-Modified", None)
    asked = request.headers.get("If-Match")
    if asked is not None and asked != answer.headers["ETag"]:
        return simple(412, "The file has changed.", "text/plain", ETag=answer.headers["ETag"])
    if answer.status == 206:
        answer.headers["Content-Range"] = answer.headers["Content-Range"].replace(
            f"/{size}", f"/{size + int(more_bytes)}"
        )
    elif answer.length is not None:
        answer.length += int(more_bytes)
        answer.pieces = pieces.followed(answer.pieces, bytes(int(more_bytes)))
    return answer


async def _no_matches(_: web.Request, proceed: Proceed) -> Answer:
    return await _edited(proceed, lambda page: page | {"numberMatched": 0, "features": []})


async def _short_listing(_: web.Request, proceed: Proceed) -> Answer:
    return await _edited(proceed, lambda page: page | {"features": page["features"][::2]})


async def asks_for_a_next_page(request: web.Request) -> bool:
    """Whether a search continues another: in its address, or in its body."""
    if parse_qs(request.query_string).get("startRecord", ["1"]) != ["1"]:
        return True
    return request.method == "POST" and '"startRecord"' in await request.text()


async def _edited(proceed: Proceed, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    answer = await proceed()
    if answer.status != 200:
        return answer
    page = edit(json.loads(b"".join([piece async for piece in answer.pieces])))
    links = page["links"] if page["features"] else [x for x in page["links"] if x["rel"] != "next"]
    body = json.dumps(page | {"numberReturned": len(page["features"]), "links": links}).encode()
    answer.pieces, answer.length = pieces.of_bytes(body), len(body)
    return answer


def _nginx(status: int) -> Answer:
    line = f"{status} {_REASONS.get(status) or HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{line}</title></head>\r\n<body>\r\n<center><h1>{line}</h1>"
        "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return simple(status, page, "text/html")


#: As nginx words them, where it differs from the standard.
_REASONS = {503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def _part(answer: Answer, part: float) -> AsyncIterator[bytes]:
    """First part of a body; of one without a length, one chunk."""
    count = pieces.CHUNK if answer.length is None else int(answer.length * part)
    return pieces.first(answer.pieces, count)


_PART = {"part": 0.5}
FAULTS: dict[str, Fault] = {
    "503 burst": Fault(
        "the load balancer's HTML page instead of an answer (`status` 502, 503, 504)",
        *(_gateway_page, r"^/(catalogue|data|realms)"),
        options={"status": 503},
    ),
    "retry after": Fault(
        "too many requests: the same page with Retry-After: `seconds` (`status` 429 or 503)",
        *(_retry_after, r"^/(catalogue|data|realms)"),
        options={"status": 429, "seconds": 1},
    ),
    "catalogue timeout": Fault(
        "no answer for `seconds`, then the gateway's page for 504",
        *(_no_answer, CATALOGUE),
        options={"seconds": 60},
    ),
    "next page fails": Fault(
        "a search's first page comes, a following one is the gateway's page (`status`)",
        *(_gateway_page, SEARCH),
        only=asks_for_a_next_page,
        options={"status": 502},
    ),
    "no matches": Fault("numberMatched 0 and no features, although there are", _no_matches, SEARCH),
    "short listing": Fault(
        "every second feature is missing; numberMatched is right", _short_listing, SEARCH
    ),
    "slow first byte": Fault(
        "the answer begins after `seconds`", _slow_first_byte, "", options={"seconds": 2}
    ),
    "slow line": Fault(
        "`latency` seconds before each answer, then no more than `megabytes_per_second`",
        *(_slow_line, "", None),
        options={"latency": 0.05, "megabytes_per_second": 2},
    ),
    "cut": Fault("the connection is reset after `part` of the body", _cut, DATA, options=_PART),
    "stall": Fault(
        "`part` of the body, silence for `seconds`, then the connection is reset",
        *(_stall, DATA),
        options={**_PART, "seconds": 30},
    ),
    "short body": Fault(
        "`part` of the bytes asked for, Content-Length agreeing with what is sent",
        *(_short, DATA),
        options=_PART,
    ),
    "short body, full length": Fault(
        "`part` of the bytes that Content-Length promises, then a clean close",
        *(_short_and_open, DATA),
        options=_PART,
    ),
    "wrong length": Fault(
        "Content-Length is `factor` times the truth, for GET and HEAD",
        *(_wrong_length, DATA),
        options={"factor": 1.1},
    ),
    "login page": Fault("status 200 with the HTML of a login page", _login_page, DATA),
    "401 mid-stream": Fault("after two requests a token is refused", _unauthorized, DATA, after=2),
    "token rotation": Fault("all access tokens made so far become invalid", _rotation, DATA),
    "range ignored": Fault("200 and the whole file for any range", _range_ignored, DATA, None),
    "corrupt": Fault(
        "one flipped byte in each 4 KiB of a file, its signature intact", _corrupt, DATA, None
    ),
    "changed file": Fault(
        "after one request the file has another ETag and is `more_bytes` longer",
        *(_changed, DATA, None),
        after=1,
        options={"more_bytes": 512},
    ),
}
