"""ESA MAAP passed through loopback, and what a command asked of it kept.

`maap-replay record --ranges-of COMMAND` runs COMMAND against this application in place of the
service. Requests go on to the service with the command's own token; of the answers the catalogue's
items and the bytes of files are kept. Headers, forms and what the token service says are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from yarl import URL

from maap_replay.byte_ranges import KeptRanges
from maap_replay.recordings.patch import Json
from maap_replay.service.app import CATALOGUE_HOST
from maap_replay.service.errors import RefusalError
from maap_replay.service.tokens import HOST

CHUNK = 1 << 16
#: Headers of one connection, which say nothing about the other.
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host", "accept-encoding"}


class Seen:
    """What went past: items by collection and id, and ranges of files by path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.items: dict[tuple[str, str], Json] = {}
        self.files: dict[str, KeptRanges] = {}

    def file(self, path: str, size: int) -> KeptRanges:
        """KeptRanges of the file at a path below ``/data/``."""
        if path not in self.files:
            self.files[path] = KeptRanges(self.folder / path.lstrip("/"), size)
        if self.files[path].size != size:
            raise RuntimeError(f"{path} changed while it was recorded.")
        return self.files[path]

    def document(self, body: bytes) -> None:
        """Keep the items of a search, or the one item, of a JSON answer."""
        try:
            document = json.loads(body)
        except ValueError:
            return
        found = document.get("features", [document]) if isinstance(document, dict) else []
        for item in found:
            if item.get("type") == "Feature" and "collection" in item and "assets" in item:
                self.items[item["collection"], item["id"]] = item

    def finish(self, origin: str) -> None:
        """Write the files."""
        for ranges in self.files.values():
            ranges.finish(origin)


SEEN: web.AppKey[Seen] = web.AppKey("seen", Seen)
HTTP: web.AppKey[aiohttp.ClientSession] = web.AppKey("http", aiohttp.ClientSession)


def make_app(seen: Seen) -> web.Application:
    """Application that hands every request on and keeps what `Seen` wants."""
    app = web.Application(client_max_size=1 << 26)
    app[SEEN] = seen
    app.cleanup_ctx.append(_client)
    app.router.add_route("*", "/{path:.*}", forward)
    return app


async def forward(request: web.Request) -> web.StreamResponse:
    """Pass a request on, and its answer back."""
    host = request.host.partition(":")[0].lower()
    if host not in (CATALOGUE_HOST, HOST):
        return RefusalError(f"{host} is not a host of ESA MAAP.", 404, "NotFound").response()
    kept = {k: v for k, v in request.headers.items() if k.lower() not in _OF_A_CONNECTION}
    try:
        async with request.app[HTTP].request(
            request.method,
            URL(f"https://{host}{request.raw_path}", encoded=True),
            headers=kept | {"Accept-Encoding": "identity"},
            data=await request.read() or None,
            allow_redirects=False,
        ) as answer:
            return await _hand_back(request, answer, host == CATALOGUE_HOST)
    except aiohttp.ClientConnectionError as error:
        name = type(error).__name__
        return RefusalError(f"{host} cannot be reached ({name}).", 502, "BadGateway").response()


async def _hand_back(
    request: web.Request, answer: aiohttp.ClientResponse, catalogue: bool
) -> web.StreamResponse:
    headers = {k: v for k, v in answer.headers.items() if k.lower() not in _OF_A_CONNECTION}
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    seen, body = request.app[SEEN], bytearray()
    wanted = catalogue and "json" in answer.content_type and request.path.startswith("/catalogue/")
    ranges, position = _file_of(request, answer, seen) if catalogue else (None, 0)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_chunked(CHUNK):
            if ranges is not None:
                ranges.add(position, chunk)
                position += len(chunk)
            elif wanted:
                body += chunk
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:  # the command has read enough
        pass
    if wanted and answer.status == 200:
        seen.document(bytes(body))
    return response


def _file_of(
    request: web.Request, answer: aiohttp.ClientResponse, seen: Seen
) -> tuple[KeptRanges | None, int]:
    """Where to keep the body of an answer, and the position of its first byte in the file."""
    path = unquote(request.path)
    is_page = answer.content_type == "text/html"
    if request.method != "GET" or not path.startswith("/data/") or "/zipper/" in path or is_page:
        return None, 0
    if answer.status == 206:
        told = re.match(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("Content-Range", ""))
        return (seen.file(path, int(told[2])), int(told[1])) if told else (None, 0)
    if answer.status == 200 and answer.content_length:
        return seen.file(path, answer.content_length), 0
    return None, 0


async def _client(app: web.Application) -> AsyncIterator[None]:
    # The plain resolver: an inner replay is reached through it. Long silences are allowed: the
    # command has time-outs of its own.
    connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver(), limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, trust_env=True, auto_decompress=False
    ) as session:
        app[HTTP] = session
        yield
