"""The application: two hosts, their routes, and what happens around every request."""

from __future__ import annotations

import os
from pathlib import Path

from aiohttp import web

from maap_replay.archive.filters import FilterError
from maap_replay.recordings import Recordings, load
from maap_replay.service import catalogue, data, faults, search, tokens
from maap_replay.service.errors import RefusalError
from maap_replay.service.requests import REQUESTS, SERVED, Handler, Served

CATALOGUE_HOST = "catalog.maap.eo.esa.int"
DEFAULT_TOKEN_SECONDS = 300.0


def make_app(
    recordings: Recordings | None = None,
    granule_file: data.GranuleFile | None = None,
    *,
    token_seconds: float | None = None,
    strict: bool = False,
) -> web.Application:
    """ESA MAAP as one application; it tells the two hosts apart by the Host header.

    Parameters
    ----------
    recordings : Recordings, optional
        What the catalogue holds; by default the recordings of this package.
    granule_file : callable, optional
        ``(product id, suffix) -> Path`` for the suffixes ``.h5``, ``.HDR`` and ``.jpeg``. It may
        block, and raises KeyError for products it cannot write. By default the synthetic granules
        of this package.
    token_seconds : float, optional
        Lifetime of an access token; by default MAAP_REPLAY_TOKEN_SECONDS, or 300.
    strict : bool
        Be as awkward as the live service has been seen to be: the catalogue's root without its
        slash answers 503, items of a collection are STAC only where `httpAccept` asks for it, and
        a filter on a name that a collection does not offer is refused.
        MAAP_REPLAY_STRICT=1 asks for it too.

    Returns
    -------
    aiohttp.web.Application
        Its request log is ``app[REQUESTS]``.
    """
    if token_seconds is None:
        token_seconds = float(os.environ.get("MAAP_REPLAY_TOKEN_SECONDS", DEFAULT_TOKEN_SECONDS))
    recordings = load() if recordings is None else recordings
    # Order: the log sees what is really sent, faults see complete answers, refusals included.
    app = web.Application(middlewares=[log, faults.spoil, refuse])
    app.on_response_prepare.append(note)
    app[REQUESTS] = []
    app[catalogue.RECORDINGS] = recordings
    search.contents(recordings).prepare()  # now, not while the first search waits
    app[catalogue.STRICT] = strict or os.environ.get("MAAP_REPLAY_STRICT") == "1"
    app[faults.ACTIVE] = []
    app[tokens.ISSUED], app[tokens.KNOWN], app[tokens.FORMS] = {}, set(), []
    app[tokens.LIFETIME] = token_seconds
    app[data.STORE] = data.store(recordings, granule_file or _synthetic(recordings))
    for part in (catalogue, tokens, data, faults):
        part.add_routes(app.router)
    return app


@web.middleware
async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note every request; never its Authorization header, its form or its body."""
    served = Served(request.method, request.host, request.path_qs, request.headers.get("Range"))
    served.token = tokens.number(request)
    SERVED.set(served)
    if request.path != faults.CONTROL:  # that one is no part of ESA MAAP
        request.app[REQUESTS].append(served)
    return await handler(request)


async def note(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the log line when headers are sent: a file knows its status and length only then."""
    served = SERVED.get()
    served.status = response.status
    served.bytes = 0 if request.method == "HEAD" else response.content_length or 0


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and unknown addresses into JSON, and send each host only its own addresses."""
    host = tokens.HOST if request.path.startswith("/realms/") else CATALOGUE_HOST
    try:
        if request.host.partition(":")[0].lower() != host:
            raise RefusalError(f"{request.path} is not served by {request.host}.", 404, "NotFound")
        return await handler(request)
    except RefusalError as refusal:
        return refusal.response()
    except FilterError as error:
        return RefusalError(str(error)).response()
    except web.HTTPNotFound:
        return RefusalError(f"There is nothing at {request.path}.", 404, "NotFound").response()
    except web.HTTPMethodNotAllowed as error:
        response = RefusalError(
            f"{request.method} is not allowed at {request.path}.", 405, "MethodNotAllowed"
        ).response()
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response


def _synthetic(recordings: Recordings) -> data.GranuleFile:
    """Maker of synthetic granules, of the size that the catalogue states."""

    def make(product_id: str, suffix: str) -> Path:
        # Imported when first needed: the writers bring netCDF and take a second to import.
        from maap_replay.granules import granule_file

        found = search.contents(recordings).items(product_id)
        found.sort(key=lambda item: not recordings.is_open(item["collection"]))
        stated = [
            asset.get("file:size")
            for item in found
            for asset in item["assets"].values()
            if asset.get("href", "").endswith(f"/{product_id}{suffix}")
        ]
        return granule_file(product_id, suffix, stated[0] if stated else None)

    return make
