"""Faults of files and their ranges: other bytes, other versions, other lengths than promised.

As in `fault_acts`, each is a function of a request that may go on, or change its answer.
"""

from __future__ import annotations

import gzip

from aiohttp import web

from maap_replay.service import chunks
from maap_replay.service.responses import PendingResponse, Proceed, simple


async def range_ignored(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Send the whole file for a range."""
    answer = await proceed()
    if answer.whole is not None:
        answer.first, answer.length = 0, answer.whole.stat().st_size
        answer.chunks, answer.status = chunks.of_part(answer.whole, 0, answer.length), 200
        for name in ("Content-Range", "Accept-Ranges"):
            answer.headers.popall(name, None)
    return answer


async def corrupt(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Flip bytes."""
    answer = await proceed()
    if answer.whole is not None:
        answer.chunks = chunks.flipped(answer.chunks, answer.first)
    return answer


async def changed(request: web.Request, proceed: Proceed, *, more_bytes: float) -> PendingResponse:
    """Answer as if the file had been replaced."""
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
        answer.chunks = chunks.followed(answer.chunks, bytes(int(more_bytes)))
    return answer


async def range_shifted(_: web.Request, proceed: Proceed, *, by: float) -> PendingResponse:
    """Send another range than the one asked for, and say so."""
    answer = await proceed()
    if answer.whole is not None and answer.status == 206 and answer.length is not None:
        size = answer.whole.stat().st_size
        first = answer.first + int(by)
        if first + answer.length > size:
            first = max(0, answer.first - int(by))
        _show(answer, first, min(size, first + answer.length))
    return answer


async def whole_as_range(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Send the whole file for a range, as a range: 206."""
    answer = await proceed()
    if answer.whole is not None and answer.status == 206:
        _show(answer, 0, answer.whole.stat().st_size)
    return answer


async def tagged(
    request: web.Request, proceed: Proceed, *, weak: float, version: float
) -> PendingResponse:
    """Say of a file's version only what a weak tag says, or nothing."""
    answer = await proceed()
    if answer.whole is not None:
        answer.headers.popall("Last-Modified", None)
        answer.headers.popall("ETag", None)
        if weak:
            answer.headers["ETag"] = f'W/"{version:.0f}"'
    return answer


async def stated_size(_: web.Request, proceed: Proceed, *, size: float) -> PendingResponse:
    """State another size of the file; 0 stands for the end of the range."""
    answer = await proceed()
    if answer.status == 206 and answer.length is not None:
        span = answer.headers["Content-Range"].partition("/")[0]
        answer.headers["Content-Range"] = f"{span}/{size or answer.first + answer.length:.0f}"
    return answer


async def drip(_: web.Request, proceed: Proceed, *, pause: float) -> PendingResponse:
    """Send one byte after the other."""
    answer = await proceed()
    answer.chunks = chunks.dripping(answer.chunks, pause)
    return answer


async def unsized(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Send the body in chunks, without saying how long it is."""
    answer = await proceed()
    answer.length = None
    return answer


async def compressed(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Compress the body, whether that was asked for or not."""
    answer = await proceed()
    body = gzip.compress(b"".join([piece async for piece in answer.chunks]))
    answer.headers["Content-Encoding"] = "gzip"
    answer.chunks, answer.length = chunks.of_bytes(body), len(body)
    return answer


def _show(answer: PendingResponse, first: int, stop: int) -> None:
    """Let an answer hold another range of its file."""
    assert answer.whole is not None
    size = answer.whole.stat().st_size
    answer.first, answer.length = first, stop - first
    answer.chunks = chunks.of_part(answer.whole, first, stop)
    answer.headers["Content-Range"] = f"bytes {first}-{stop - 1}/{size}"
