"""The data store: granules with Range, zips made on the fly, public pictures."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import HttpVersion11, web
from zipstream import ZipStream

from maap_replay.recordings import Recordings
from maap_replay.service import recorded, search
from maap_replay.service.errors import RefusalError
from maap_replay.service.requests import SERVED
from maap_replay.service.responses import FileResponse, StreamedResponse
from maap_replay.service.tokens import ISSUED, bearer, is_valid

GranuleFile = Callable[[str, str], Path]

MEDIA_TYPES = {
    ".h5": "application/x-hdf5",
    ".HDR": "application/xml",
    ".jpeg": "image/jpeg",
    ".zip": "application/zip",
}
WRITERS = 2
#: Seconds after which the cache of granules hears that a file is still in use.
ASK_AGAIN = 30.0
#: Seconds after which a client that waits for a file hears that it is still being made.
HEARTBEAT = 5.0


@dataclass(frozen=True)
class Stored:
    """What lies at an address: a file of a product or its zip, and who may read it.

    `file` is a file of this computer that lies there, where it is not made when it is asked for.
    """

    product_id: str
    suffix: str
    is_open: bool
    file: Path | None = None


@dataclass
class Store:
    """What lies at an address, and what makes a file when it is first needed."""

    recordings: Recordings
    make: GranuleFile
    #: Addresses of the assets of kept items; those of the archive follow from the address.
    objects: dict[str, Stored] = field(default_factory=dict)
    made: dict[tuple[str, str], tuple[Path, float]] = field(default_factory=dict)
    # One writer for each file, however many requests wait for it, and few writers at a time: they
    # share a pool of threads with the sending of files.
    locks: defaultdict[tuple[str, str], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    writers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WRITERS))

    async def file(self, product_id: str, suffix: str) -> Path:
        """File of a product; KeyError when this replay cannot write products of its type."""
        key = product_id, suffix
        path, asked = self.made.get(key, (None, 0.0))
        if path is not None and time.monotonic() - asked < ASK_AGAIN and path.exists():
            return path
        async with self.locks[key]:
            if key not in self.made:  # nobody made it while we waited
                async with self.writers:
                    await asyncio.to_thread(self.make, product_id, suffix)
            # Asked for again and again: the cache of granules drops those that are not.
            path = await asyncio.to_thread(self.make, product_id, suffix)
            self.made[key] = path, time.monotonic()
        return path


STORE: web.AppKey[Store] = web.AppKey("store", Store)


def store(recordings: Recordings, make: GranuleFile) -> Store:
    """Store with the assets of all items. An object is open if any open collection lists it."""
    kept = Store(recordings, make)
    for item in search.contents(recordings).by_address.values():
        is_open = recordings.is_open(item["collection"])
        for asset in item["assets"].values():
            _, data, rest = asset.get("href", "").partition("/data/")
            if data:
                seen = kept.objects.get(data + rest)
                kept.objects[data + rest] = Stored(
                    item["id"], _suffix(rest), is_open or (seen is not None and seen.is_open)
                )
    return kept


def _suffix(path: str) -> str:
    return ".zip" if "zipper/" in path else f".{path.rpartition('.')[2]}"


def _stored(kept: Store, path: str) -> Stored | None:
    """What lies at an address: of a kept item, or of one of the archive."""
    if path in kept.objects:
        return kept.objects[path]
    product_id = path.rpartition("/")[2].partition(".")[0]
    places = [
        item["collection"]
        for item in search.contents(kept.recordings).items(product_id)
        if any(asset.get("href", "").endswith(path) for asset in item["assets"].values())
    ]
    if not places:
        return None
    return Stored(product_id, _suffix(path), any(map(kept.recordings.is_open, places)))


async def serve(request: web.Request) -> web.StreamResponse:
    """Answer HEAD and GET below ``/data/``."""
    stored = _stored(request.app[STORE], request.path)
    public = "/public/" in request.path  # pictures
    if not public and not is_valid(bearer(request) or "", request.app[ISSUED]):
        return unauthorized()
    if (folder := request.app[STORE].recordings.folder) is not None:
        kept = await asyncio.to_thread(recorded.answer, request, folder, MEDIA_TYPES)
        if kept is not None:
            return kept
    if stored is None:
        # The store says "denied" of what it does not have, so that names cannot be guessed.
        return denied("No item has a file at this address.")
    if not public and not stored.is_open:
        return denied("Your account has no access to the collection of this file.")
    try:
        if stored.file is not None:
            media_type = MEDIA_TYPES.get(stored.suffix, "application/octet-stream")
            return FileResponse(stored.file, media_type)
        if stored.suffix == ".zip":
            return await _zip(request, stored.product_id)
        making = request.app[STORE].file(stored.product_id, stored.suffix)
        path = await _while_client_waits(request, making)
    except KeyError:
        file_type = stored.product_id[9:19]
        return denied(f"The replay has no synthetic {file_type} files, only their catalogue items.")
    except RuntimeError as error:
        return RefusalError(str(error), 500, "InternalError").response()
    return FileResponse(path, MEDIA_TYPES[stored.suffix])


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the data store's addresses into an application."""
    router.add_get("/data/{path:.+}", serve)


def unauthorized() -> web.Response:
    """Answer to a request without a token that is valid now."""
    return web.json_response(
        {
            "code": "Unauthorized",
            "description": "A valid access token is needed: it is missing, wrong or expired.",
        },
        status=401,
        headers={"WWW-Authenticate": 'Bearer realm="esa-maap"'},
    )


def denied(reason: str) -> web.Response:
    """Answer of the S3 layer to anything that may not be read."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>AccessDenied</Code><Message>{escape(reason)}</Message></Error>"
    )
    return web.Response(text=body, status=403, content_type="application/xml")


async def _zip(request: web.Request, product_id: str) -> web.StreamResponse:
    """Zip of the data file and its header in a folder, streamed without a length."""
    store, paths = request.app[STORE], {}
    recording = store.recordings.folder
    inside = request.path.replace("/data/zipper/", "data/", 1)
    for suffix in (".h5", ".HDR"):
        path = recording and recording / inside / f"{product_id}{suffix}"
        if path and recorded.has_data(path.parent):
            if not path.exists():
                return recorded.not_recorded(f"{path.name} as a whole, so there is no zip")
        else:
            path = await _while_client_waits(request, store.file(product_id, suffix))
        paths[f"{product_id}/{path.name}"] = path
    return StreamedResponse(_counted(zip_chunks(paths)), MEDIA_TYPES[".zip"])


async def _while_client_waits(request: web.Request, making: Coroutine[None, None, Path]) -> Path:
    """Wait for a file, and send an interim answer now and then.

    On a slow computer a granule takes longer to write than clients wait in silence. The live
    service has its files, and sends none of these; HTTP lets clients skip any number of them.
    """
    task = asyncio.ensure_future(making)
    while not (await asyncio.wait({task}, timeout=HEARTBEAT))[0]:
        if request.transport is not None and request.version >= HttpVersion11:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return task.result()


async def _counted(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        SERVED.get().bytes += len(chunk)
        yield chunk


def zip_chunks(files: dict[str, Path]) -> Iterator[bytes]:
    """Bytes of a stored (uncompressed) zip, chunk by chunk."""
    archive = ZipStream()
    for name, path in files.items():
        archive.add_path(path, name)
    return iter(archive)
