"""The browse tree: platform, collection, year, month, each a catalogue or collection of its own.

Pages of the live tree were seen by crawlers; what a month links to was not. Here it is a search.
"""

from __future__ import annotations

import re

from aiohttp import web

from maap_replay.recordings import describe
from maap_replay.recordings.patch import Json
from maap_replay.recordings.template import CATALOGUE
from maap_replay.service import search
from maap_replay.service.errors import not_found
from maap_replay.service.keys import RECORDINGS
from maap_replay.service.landing import GEOJSON, JSON, link

TREE = "series/eo:platform/EarthCARE"


async def platform(request: web.Request) -> web.Response:
    """Answer the platform: its children are the collections."""
    names = request.app[RECORDINGS].collections
    return web.json_response(
        {
            "type": "Catalog",
            "id": "EarthCARE",
            "stac_version": "1.0.0",
            "title": "EarthCARE",
            "description": "Collections of the platform EarthCARE.",
            "links": [
                link("self", TREE, JSON),
                link("root", "", JSON),
                link("parent", "", JSON),
                *(link("child", f"{TREE}/{name}", JSON, name) for name in names),
            ],
        }
    )


async def branch(request: web.Request) -> web.Response:
    """Answer a collection, one of its years, or a month of that."""
    name, *when = request.match_info["path"].rstrip("/").split("/")
    recordings = request.app[RECORDINGS]
    collection, period = recordings.collections.get(name), "-".join(when)
    if collection is None or not re.fullmatch(r"(\d{4}(-\d{2})?)?", period):
        raise not_found(f"Branch {request.match_info['path']!r}")
    starts = search.contents(recordings).months(name)
    below = sorted({start[: 7 if period else 4] for start in starts if start.startswith(period)})
    here = "/".join([TREE, name, *when])
    links = [link("self", here, JSON), link("root", "", JSON)]
    links.append(link("parent", here.rpartition("/")[0], JSON))
    if len(when) == 2:
        query = f"collections={name}&datetime={_month(*map(int, when))}"
        links.append(link("items", f"{CATALOGUE}/search?{query}", GEOJSON))
    else:
        links += [link("child", f"{here}/{part[-2:] if when else part}", JSON) for part in below]
    document: Json = describe(collection) | {"id": "/".join([name, *when]), "links": links}
    return web.json_response(document)


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the tree's addresses into an application."""
    router.add_get(f"/catalogue/{TREE}", platform)
    router.add_get(f"/catalogue/{TREE}/{{path:.+}}", branch)


def _month(year: int, month: int) -> str:
    later = f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    return f"{year:04d}-{month:02d}-01T00:00:00Z/{later}-01T00:00:00Z"
