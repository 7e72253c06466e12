"""An answer that is ready but not yet sent, so that a fault can still change it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from math import ceil
from pathlib import Path
from typing import Literal

from aiohttp import web
from multidict import CIMultiDict

from maap_replay.service.chunks import of_bytes, of_part
from maap_replay.service.requests import SERVED
from maap_replay.service.sending import LargeChunksResponse


@dataclass
class PendingResponse:
    """Status, headers and body of an answer that nobody has seen yet.

    Parameters
    ----------
    status : int
        HTTP status.
    headers : CIMultiDict
        Without Content-Length and Transfer-Encoding: `send` writes them.
    chunks : async iterator of bytes
        The body.
    length : int or None
        What Content-Length says; None sends the body in chunks.
    first : int
        Position of the body's first byte in its file.
    whole : Path or None
        The file that the body is a part of, if it is one.
    ending : {"end", "close", "abort", "drop"}
        How the connection behaves after the last chunk: as it should, closed, or cut; or cut before
        the first byte.
    """

    status: int
    headers: CIMultiDict[str]
    chunks: AsyncIterator[bytes]
    length: int | None
    first: int = 0
    whole: Path | None = None
    ending: Literal["end", "close", "abort", "drop"] = "end"


Proceed = Callable[[], Awaitable[PendingResponse]]


class FileResponse(LargeChunksResponse):
    """Response with a file that says which file it is."""

    def __init__(self, path: Path, media_type: str) -> None:
        super().__init__(path, headers={"Content-Type": media_type})
        self.file = path


class StreamedResponse(web.Response):
    """Response of unknown length that keeps its chunks at hand."""

    def __init__(self, body: AsyncIterator[bytes], media_type: str) -> None:
        super().__init__(body=body, headers={"Content-Type": media_type})
        self.chunks = body


def simple(status: int, body: str, media_type: str, **headers: str) -> PendingResponse:
    """Answer with a short text; underscores in names of headers become hyphens."""
    data = body.encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return PendingResponse(
        status,
        CIMultiDict({"Content-Type": media_type, **named}),
        of_bytes(data),
        len(data),
    )


def of_response(request: web.Request, response: web.StreamResponse) -> PendingResponse:
    """Take a response of this service apart, before it is prepared."""
    headers = CIMultiDict(response.headers)
    for name in ("Content-Length", "Transfer-Encoding"):
        headers.popall(name, None)
    if isinstance(response, FileResponse):
        return of_file(request, response.file, headers)
    if isinstance(response, StreamedResponse):
        return PendingResponse(response.status, headers, response.chunks, None)
    body = response.body if isinstance(response, web.Response) else b""
    data = bytes(body) if isinstance(body, bytes | bytearray) else b""
    return PendingResponse(response.status, headers, of_bytes(data), len(data))


def of_file(request: web.Request, path: Path, headers: CIMultiDict[str]) -> PendingResponse:
    """Answer with a file or the range of it that was asked for."""
    about = path.stat()
    size, first, stop, status = about.st_size, 0, about.st_size, 200
    headers["Accept-Ranges"] = "bytes"
    headers["ETag"] = f'"{about.st_mtime_ns:x}-{size:x}"'
    headers["Last-Modified"] = formatdate(ceil(about.st_mtime), usegmt=True)  # as aiohttp does
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(size, None)
    if "Range" in request.headers:
        first, stop, _ = asked.indices(size)
        if first >= stop:
            headers["Content-Range"] = f"bytes */{size}"
            return PendingResponse(416, headers, of_bytes(b""), 0)
        headers["Content-Range"], status = f"bytes {first}-{stop - 1}/{size}", 206
    return PendingResponse(status, headers, of_part(path, first, stop), stop - first, first, path)


async def send(request: web.Request, answer: PendingResponse) -> web.StreamResponse:
    """Send an answer, with all its faults; the request log counts the bytes that really went."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if answer.ending == "drop" and request.transport is not None:
        response.force_close()
        request.transport.abort()
        return response
    if answer.length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = answer.length
    served, sent = SERVED.get(), 0
    try:
        await response.prepare(request)
        served.bytes = 0
        if request.method != "HEAD":
            async for chunk in answer.chunks:
                await response.write(chunk)
                sent += len(chunk)
                served.bytes = sent
        if answer.ending == "end" or request.method == "HEAD":
            await response.write_eof()
        elif request.transport is not None:
            response.force_close()
            if answer.ending == "abort":
                request.transport.abort()
            else:
                request.transport.close()
    except ConnectionError:  # the client did not wait for the end
        pass
    return response
