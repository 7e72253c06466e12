"""The STAC API of the catalogue: collections, items, search."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

from maap_replay.archive import filters, masks
from maap_replay.recordings import describe
from maap_replay.recordings.patch import Json
from maap_replay.recordings.template import CATALOGUE
from maap_replay.service import explain, fields, landing, metadata, pages, search, series
from maap_replay.service.errors import RefusalError, not_found
from maap_replay.service.keys import RECORDINGS as RECORDINGS
from maap_replay.service.keys import STRICT as STRICT
from maap_replay.service.landing import GEOJSON, JSON, link

#: Header in which an item says what is real in it; the live service has no such thing.
ORIGIN = "Replay-Origin"


async def collections(request: web.Request) -> web.Response:
    """Answer the collections, narrowed by `q` (any of its words) and `filter` on the title."""
    found = list(request.app[RECORDINGS].collections.values())
    words = [word for word in re.split(r"[\s,]+", request.query.get("q", "").casefold()) if word]
    if words:
        found = [
            one
            for one in found
            if any(
                word
                in " ".join(
                    [one["id"], one["title"], one["description"], *one["keywords"]]
                ).casefold()
                for word in words
            )
        ]
    if expression := request.query.get("filter"):
        tree = filters.parse(expression, "cql2-text", {"title", "platform"})
        platform = {"platform": "EarthCARE"}
        found = [one for one in found if masks.evaluate(tree, {**one, **platform}.get).yes]
    limit = request.query.get("limit", "")
    if limit and not (limit.isdigit() and int(limit)):
        raise RefusalError("limit must be a whole number above 0.")
    page = found[: int(limit)] if limit else found
    return web.json_response(
        {
            "collections": [describe(one) for one in page],
            "numberMatched": len(found),
            "numberReturned": len(page),
            "links": [link("self", "collections", JSON), link("root", "", JSON)],
        }
    )


async def collection(request: web.Request) -> web.Response:
    """Answer one collection."""
    return web.json_response(describe(_collection(request)))


async def queryables(request: web.Request) -> web.Response:
    """Answer the names that filters on a collection may use."""
    name = _collection(request)["id"]
    return web.json_response(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"{CATALOGUE}/collections/{name}/queryables",
            "type": "object",
            "title": f"Queryables for {name} collection",
            "description": "Queryable names for the STAC API Item Search filter.",
            "collection": name,
            "properties": request.app[RECORDINGS].queryables[name],
        },
        content_type="application/schema+json",
    )


async def items(request: web.Request) -> web.Response:
    """Answer the items of a collection, with the parameters of a search."""
    name = _collection(request)["id"]
    # Observed on a sister service: the link to the next page forgets the description asked for.
    forgotten = ("collections", "httpAccept", "mode")
    given = {key: value for key, value in request.query.items() if key not in forgotten}
    query = _read(request, {**given, "collections": name})
    # Live, items are described as STAC only where `httpAccept` asks for it, but pystac-client does
    # not: only a strict replay insists.
    silent = pages.ATOM if request.app[STRICT] else ""
    return _page(request, query, f"{CATALOGUE}/collections/{name}/items", "GET", silent)


async def item(request: web.Request) -> web.Response:
    """Answer one item, in the description asked for."""
    name = _collection(request)["id"], request.match_info["item"]
    contents = search.contents(request.app[RECORDINGS])
    found = contents.item(*name)
    if found is None:
        raise not_found(f"Item {name[1]!r}")
    accept, mode = request.query.get("httpAccept", ""), request.query.get("mode", "")
    if request.app[STRICT] and not accept:
        mode = "owc"
    response = metadata.answer(found, accept, mode)
    response.headers[ORIGIN] = contents.origin(*name)
    return response


async def get_search(request: web.Request) -> web.Response:
    """Answer ``GET /search``. An unknown collection matches nothing."""
    query = _read(request, dict(request.query))
    return _page(request, query, f"{CATALOGUE}/search", "GET")


async def post_search(request: web.Request) -> web.Response:
    """Answer ``POST /search``; the body overrules parameters of the address."""
    try:
        body: Any = json.loads(await request.text() or "{}")
    except ValueError:
        raise RefusalError("The body of the search is not JSON.") from None
    if not isinstance(body, dict):
        raise RefusalError("The body of the search must be a JSON object.")
    query = _read(request, {**request.query, **body})
    return _page(request, query, f"{CATALOGUE}/search", "POST")


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the catalogue's addresses into an application."""
    landing.add_routes(router)
    series.add_routes(router)
    one = "/catalogue/collections/{collection}"
    for path, handler in (
        ("/catalogue/collections", collections),
        (one, collection),
        (f"{one}/queryables", queryables),
        (f"{one}/items", items),
        (one + "/items/{item}", item),
        ("/catalogue/search", get_search),
    ):
        router.add_get(path, handler)
    router.add_post("/catalogue/search", post_search)


def _collection(request: web.Request) -> Json:
    recordings, name = request.app[RECORDINGS], request.match_info["collection"]
    found = recordings.collections.get(recordings.known_as(name))
    if found is None:
        raise not_found(f"Collection {name!r}")
    return found


def _read(request: web.Request, parameters: Json) -> search.Query:
    return search.read(parameters, request.app[RECORDINGS], strict=request.app[STRICT])


def _page(
    request: web.Request, query: search.Query, address: str, method: str, silent: str = ""
) -> web.Response:
    """Answer a search; `silent` is the description for requests that ask for none."""
    found, matched = search.run(query, request.app[RECORDINGS])
    if not matched and request.app[RECORDINGS].by_rule:
        explain.why_nothing(query.wanted)
    links = [
        link("self", f"https://{request.host}{request.path_qs}", GEOJSON),
        link("root", "", JSON, "MAAP Catalogue"),
        *search.next_link(query, matched, address, method),
    ]
    accept = request.query.get("httpAccept", silent)
    mode = request.query.get("mode", "")
    return pages.answer(found, matched, links, fields.read(query.given.get("fields")), accept, mode)
