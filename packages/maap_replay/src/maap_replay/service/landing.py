"""The catalogue's landing page, its conformance classes and its interface descriptions."""

from __future__ import annotations

from aiohttp import web

from maap_replay.recordings.patch import Json
from maap_replay.recordings.template import CATALOGUE
from maap_replay.service.keys import RECORDINGS, STRICT

JSON, GEOJSON = "application/json", "application/geo+json"
STAC_API = "https://api.stacspec.org/v1.0.0"
#: ESA MAAP's own list is not public: these are the classes that clients of it rely on.
CONFORMANCE = [
    *(
        f"{STAC_API}/{name}"
        for name in (
            *("core", "collections", "ogcapi-features"),
            *("item-search", "item-search#filter", "item-search#sort"),
            "item-search#fields",
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


def link(rel: str, path: str, media_type: str, title: str = "", **more: str) -> Json:
    """Link to a path of the catalogue, or to an address."""
    href = path if path.startswith("https:") else f"{CATALOGUE}/{path}"
    return (
        {"rel": rel, "href": href, "type": media_type} | ({"title": title} if title else {}) | more
    )


async def root(request: web.Request) -> web.Response:
    """Answer the landing page."""
    opensearch = "application/opensearchdescription+xml"
    openapi = "application/vnd.oai.openapi+json;version=3.0"
    links = [
        link("self", "", JSON),
        link("root", "", JSON, "MAAP Catalogue"),
        # The OpenSearch link comes first: clients must pick the search link by its type.
        link(
            "search",
            "api?httpAccept=application/opensearchdescription%2Bxml",
            opensearch,
            "OpenSearch Description Document",
        ),
        link("search", "search", GEOJSON, "STAC search", method="GET"),
        link("search", "search", GEOJSON, "STAC search", method="POST"),
        link(
            "service-desc",
            "api?httpAccept=application/vnd.oai.openapi%2Bjson;version=3.0",
            openapi,
            "OpenAPI definition in JSON format",
        ),
        link("data", "collections", JSON, "Metadata about the feature collections"),
        link("conformance", "conformance", JSON, "Conformance classes"),
        link("child", "series/eo:platform/EarthCARE", JSON, "EarthCARE"),
    ]
    links += [
        link("child", f"collections/{name}", JSON, collection["title"])
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


def add_routes(router: web.UrlDispatcher) -> None:
    """Put these addresses into an application."""
    router.add_get("/catalogue/", root)
    router.add_get("/catalogue", slashless)
    router.add_get("/catalogue/conformance", conformance)
    router.add_get("/catalogue/api", api)
