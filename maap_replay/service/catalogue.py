"""The STAC API of the catalogue: landing page, collections, items, search."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

from maap_replay.recordings import Recordings, describe
from maap_replay.recordings.template import CATALOGUE
from maap_replay.recordings.patch import Json
from maap_replay.service import filters, metadata, search
from maap_replay.service.errors import RefusalError, not_found

RECORDINGS: web.AppKey[Recordings] = web.AppKey("recordings", Recordings)
STRICT: web.AppKey[bool] = web.AppKey("strict", bool)

JSON, GEOJSON = "application/json", "application/geo+json"
STAC_API = "https://api.stacspec.org/v1.0.0"
#: ESA MAAP's own list is not public: these are the classes that clients of it rely on.
CONFORMANCE = [
    *(
        f"{STAC_API}/{name}"
        for name in (
            *("core", "collections", "ogcapi-features"),
            *("item-search", "item-search#filter", "item-search#sort"),
        )
    ),
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    f"{STAC_API.replace('v1.0.0', 'v1.0.0-rc.1')}/collection-search",
    f"{STAC_API.replace('v1.0.0', 'v1.0.0-rc.1')}/collection-search#free-text",
]
DESCRIPTION = (
    "MAAP Catalogue provides interoperable access, following ISO/OGC interface guidelines, "
    "to Earth Observation metadata"
)


def _link(rel: str, path: str, media_type: str, title: str = "", **more: str) -> Json:
    href = path if path.startswith("https:") else f"{CATALOGUE}/{path}"
    return (
        {"rel": rel, "href": href, "type": media_type} | ({"title": title} if title else {}) | more
    )


async def root(request: web.Request) -> web.Response:
    """Answer the landing page."""
    opensearch = "application/opensearchdescription+xml"
    openapi = "application/vnd.oai.openapi+json;version=3.0"
    links = [
        _link("self", "", JSON),
        _link("root", "", JSON, "MAAP Catalogue"),
        # The OpenSearch link comes first: clients must pick the search link by its type.
        _link(
            "search",
            "api?httpAccept=application/opensearchdescription%2Bxml",
            opensearch,
            "OpenSearch Description Document",
        ),
        _link("search", "search", GEOJSON, "STAC search", method="GET"),
        _link("search", "search", GEOJSON, "STAC search", method="POST"),
        _link(
            "service-desc",
            "api?httpAccept=application/vnd.oai.openapi%2Bjson;version=3.0",
            openapi,
            "OpenAPI definition in JSON format",
        ),
        _link("data", "collections", JSON, "Metadata about the feature collections"),
        _link("conformance", "conformance", JSON, "Conformance classes"),
    ]
    links += [
        _link("child", f"collections/{name}", JSON, collection["title"])
        for name, collection in request.app[RECORDINGS].collections.items()
    ]
    return web.json_response(
        {
            "type": "Catalog",
            "id": "fedeo",
            "stac_version": "1.1.0",
            "description": DESCRIPTION,
            "conformsTo": CONFORMANCE,
            "links": links,
        }
    )


async def slashless(request: web.Request) -> web.Response:
    """Answer the root without its slash, which the live load balancer at times answers with 503."""
    if not request.app[STRICT]:
        return await root(request)
    page = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>\n"
    return web.Response(text=page, status=503, content_type="text/html")


async def conformance(_: web.Request) -> web.Response:
    """Answer the conformance classes."""
    return web.json_response({"conformsTo": CONFORMANCE})


async def api(request: web.Request) -> web.Response:
    """Answer the two interface descriptions, each as short as its format allows."""
    accept = request.query.get("httpAccept", "").replace(" ", "+")
    if accept.startswith("application/opensearchdescription+xml"):
        template = f"{CATALOGUE}/search?collections={{eo:parentIdentifier?}}&amp;bbox={{geo:box?}}"
        document = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"'
            ' xmlns:geo="http://a9.com/-/opensearch/extensions/geo/1.0/"'
            ' xmlns:eo="http://a9.com/-/opensearch/extensions/eo/1.0/">\n'
            f"<ShortName>MAAP Catalogue</ShortName><Description>{DESCRIPTION}</Description>\n"
            f'<Url type="{GEOJSON}" template="{template}"/>\n</OpenSearchDescription>\n'
        )
        return web.Response(text=document, content_type="application/opensearchdescription+xml")
    paths = ["/", "/conformance", "/collections", "/collections/{collection}", "/search"]
    paths += [f"/collections/{{collection}}/{rest}" for rest in ("queryables", "items")]
    document_json = {
        "openapi": "3.0.3",
        "info": {"title": "MAAP Catalogue", "version": "1.0.0"},
        "servers": [{"url": CATALOGUE}],
        "paths": {
            path: {"get": {"responses": {"200": {"description": "OK"}}}} for path in sorted(paths)
        },
    }
    return web.json_response(document_json, content_type="application/vnd.oai.openapi+json")


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
        test = filters.parse(expression, "cql2-text", {"title", "platform"})
        found = [
            one
            for one in found
            if test({"id": one["id"], "title": one["title"], "platform": "EarthCARE"})
        ]
    limit = request.query.get("limit", "")
    if limit and not (limit.isdigit() and int(limit)):
        raise RefusalError("limit must be a whole number above 0.")
    page = found[: int(limit)] if limit else found
    return web.json_response(
        {
            "collections": [describe(one) for one in page],
            "numberMatched": len(found),
            "numberReturned": len(page),
            "links": [_link("self", "collections", JSON), _link("root", "", JSON)],
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
    given = {key: value for key, value in request.query.items() if key != "collections"}
    query = search.read({**given, "collections": name}, request.app[RECORDINGS])
    address = f"{CATALOGUE}/collections/{name}/items"
    return _page(request, query, address, "GET")


async def item(request: web.Request) -> web.Response:
    """Answer one item, in the description asked for."""
    name = _collection(request)["id"], request.match_info["item"]
    found = request.app[RECORDINGS].by_address.get(name)
    if found is None:
        raise not_found(f"Item {name[1]!r}")
    return metadata.answer(
        found, request.query.get("httpAccept", ""), request.query.get("mode", "")
    )


async def get_search(request: web.Request) -> web.Response:
    """Answer ``GET /search``. An unknown collection matches nothing."""
    query = search.read(dict(request.query), request.app[RECORDINGS])
    return _page(request, query, f"{CATALOGUE}/search", "GET")


async def post_search(request: web.Request) -> web.Response:
    """Answer ``POST /search``; the body overrules parameters of the address."""
    try:
        body: Any = json.loads(await request.text() or "{}")
    except ValueError:
        raise RefusalError("The body of the search is not JSON.") from None
    if not isinstance(body, dict):
        raise RefusalError("The body of the search must be a JSON object.")
    query = search.read({**request.query, **body}, request.app[RECORDINGS])
    return _page(request, query, f"{CATALOGUE}/search", "POST")


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the catalogue's addresses into an application."""
    one = "/catalogue/collections/{collection}"
    for path, handler in (
        ("/catalogue/", root),
        ("/catalogue", slashless),
        ("/catalogue/conformance", conformance),
        ("/catalogue/api", api),
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
    name = request.match_info["collection"]
    found = request.app[RECORDINGS].collections.get(name)
    if found is None:
        raise not_found(f"Collection {name!r}")
    return found


def _page(request: web.Request, query: search.Query, address: str, method: str) -> web.Response:
    recordings = request.app[RECORDINGS]
    features, matched = search.run(query, recordings)
    here = f"https://{request.host}{request.path_qs}"
    body = {
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": len(features),
        "features": features,
        "links": [
            _link("self", here, GEOJSON),
            _link("root", "", JSON, "MAAP Catalogue"),
            *search.next_link(query, matched, address, method),
        ],
    }
    return web.json_response(body, content_type=GEOJSON)
