"""The answer to a search: one page of items, in the description asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from maap_replay.recordings.patch import Json
from maap_replay.service import metadata
from maap_replay.service.errors import RefusalError
from maap_replay.service.fields import Fields, select

ATOM = "application/atom+xml"
GEOJSON = "application/geo+json"


def answer(
    found: Sequence[Json], matched: int, links: list[Json], fields: Fields, accept: str, mode: str
) -> web.Response:
    """Page of items as STAC, as OGC 17-003r2 (``mode=owc``) or as an Atom feed.

    Parameters
    ----------
    found : sequence of dict
        Items of the page.
    matched : int
        Number of items that match in all.
    links : list of dict
        Links of the page, to itself first.
    fields : Fields
        Parts of the items to answer as STAC.
    accept, mode : str
        The parameters `httpAccept` and `mode` of the request.

    Raises
    ------
    RefusalError
        When pages have no description of that type.
    """
    # An unescaped plus in an address arrives as a space.
    media_type = accept.replace(" ", "+").partition(";")[0]
    if media_type == ATOM:
        return web.Response(text=_atom(found, matched, links), content_type=ATOM)
    if media_type not in ("", GEOJSON, "application/json"):
        raise RefusalError(f"Pages of items are not described as {media_type!r}.")
    if mode == "owc":
        features = [metadata.eo_geojson(item) for item in found]
        page: Json = {"totalResults": matched, "itemsPerPage": len(found), "links": links}
    else:
        features = [*found] if fields == Fields() else [select(item, fields) for item in found]
        page = {"numberMatched": matched, "numberReturned": len(found), "links": links}
    body = json.dumps({"type": "FeatureCollection", **page, "features": features})
    return web.Response(text=body, content_type=media_type or GEOJSON)


def _atom(found: Sequence[Json], matched: int, links: list[Json]) -> str:
    entries = "".join(map(_entry, found))
    addresses = "".join(
        f"<link rel={quoteattr(link['rel'])} href={quoteattr(link['href'])}/>\n"
        for link in links
        if link["rel"] in ("self", "next")
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:georss="http://www.georss.org/georss"
    xmlns:os="http://a9.com/-/spec/opensearch/1.1/">
<os:totalResults>{matched}</os:totalResults>
<os:itemsPerPage>{len(found)}</os:itemsPerPage>
<title>MAAP Catalogue - search response</title>
{addresses}{entries}</feed>
"""


def _entry(item: Json) -> str:
    properties, name = item["properties"], escape(item["id"])
    period = f"{properties.get('start_datetime')}/{properties.get('end_datetime')}"
    box = item.get("bbox")
    where = ""
    if box:
        where = f"<georss:box>{box[1]} {box[0]} {box[3]} {box[2]}</georss:box>"
    data = "".join(
        f"<link rel='enclosure' href={quoteattr(asset['href'])} type={quoteattr(asset['type'])}/>"
        for asset in item["assets"].values()
        if "data" in asset.get("roles", [])
    )
    return (
        f"<entry><id>{escape(metadata.address(item))}</id><title>{name}</title>"
        f"<dc:identifier>{name}</dc:identifier><dc:date>{escape(period)}</dc:date>"
        f"<updated>{escape(properties.get('updated', ''))}</updated>{where}{data}</entry>\n"
    )
