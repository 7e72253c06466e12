"""The ways in which items, pages of items and the browse tree are described."""

import json
from xml.etree import ElementTree

import pystac
import pytest

OPEN = "EarthCAREL2Validated_MAAP"
ITEMS = f"/catalogue/collections/{OPEN}/items"
STAC = "application/geo+json;profile=https://stacspec.org"
ATOM = "{http://www.w3.org/2005/Atom}"


def first(replay, **given):
    return replay.ask("/catalogue/search", params={"limit": 1, **given}).json()["features"][0]


@pytest.mark.parametrize(
    ("collection", "filter_text", "count"),
    [
        (OPEN, "frame = 'E'", 7),
        ("JAXAL2Validated_MAAP", "productType = 'ACM_CLP_2B'", 7),
        ("EarthCAREL1Validated_MAAP", "productType = 'AUX_JSG_1D'", 7),  # no orbit, no geometry
        ("EarthCAREOrbitData_MAAP", "productType = 'AUX_ORBPRE'", 7),  # and no frame
    ],
)
def test_every_description_of_an_item(replay, collection, filter_text, count):
    found = first(replay, collections=collection, filter=filter_text)
    links = [link["href"] for link in found["links"] if link["rel"] in ("self", "alternate")]
    links += [a["href"] for key, a in found["assets"].items() if key.startswith("metadata")]
    assert len(links) == count
    for href in links:
        answer = replay.ask(href)
        assert answer.status_code == 200 and found["id"] in answer.text
        if "xml" in answer.headers["Content-Type"]:
            ElementTree.fromstring(answer.text)  # noqa: S314 - made here
        else:
            json.loads(answer.text)
    assert replay.ask(links[0].partition("?")[0]).json() == found


def test_pages_without_a_description_asked_for(replay, start):
    assert "stac_version" in replay.ask(ITEMS).json()["features"][0]  # as pystac-client needs it
    strict = start(strict=True)
    feed = ElementTree.fromstring(strict.ask(ITEMS).text)  # noqa: S314 - made here
    assert len(feed.findall(f"{ATOM}entry")) == 10
    page = strict.ask(ITEMS, params={"httpAccept": STAC}).json()
    assert "stac_version" in page["features"][0]
    (following,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    assert "httpAccept" not in following  # and so the second page is a feed
    assert strict.ask(following).headers["Content-Type"].startswith("application/atom+xml")
    # the search itself is always STAC
    assert "stac_version" in strict.ask("/catalogue/search").json()["features"][0]
    address = page["features"][0]["links"][0]["href"]
    assert "assets" in strict.ask(address).json()
    assert "assets" not in strict.ask(address.partition("?")[0]).json()


def test_a_page_in_ogc_geojson(replay):
    page = replay.ask(ITEMS, params={"mode": "owc", "limit": 2}).json()
    assert page["itemsPerPage"] == 2 and page["totalResults"] > 1000
    assert page["features"][0]["properties"]["productInformation"]["productType"]
    assert replay.ask(ITEMS, params={"httpAccept": "text/csv"}).status_code == 400


def test_names_of_collections_from_before_the_ending(replay):
    for path in ("EarthCAREL2Validated", "EarthCAREL2Validated/queryables"):
        old, new = (
            replay.ask(f"/catalogue/collections/{path}".replace("Validated", ending)).json()
            for ending in ("Validated", "Validated_MAAP")
        )
        assert old == new
    found = first(replay, collections="EarthCAREL2Validated", filter="frame = 'E'")
    assert found["collection"] == OPEN


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ("id", "assets", "properties.version"),
        ("+id,+properties.version", "properties.version", "properties.title"),
        ("properties", "properties.title", "no"),
        ("properties,-properties.title", "properties.version", "properties.title"),
        ("-assets", "properties.title", "assets"),
        ("-properties.title,-links", "properties.version", "properties.title"),
        ({"include": ["id"], "exclude": ["assets", "links"]}, "properties.datetime", "assets"),
        (["-geometry"], "bbox", "geometry"),
    ],
)
def test_fields(replay, given, kept, dropped):
    def has(item, path):
        outer, _, inner = path.partition(".")
        return outer in item and (not inner or inner in item[outer])

    body = {"collections": [OPEN], "fields": given, "limit": 1}
    page = replay.ask("/catalogue/search", method="POST", json=body).json()
    answers = [page]
    (link,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    answers.append(replay.ask(link).json())  # the link carries them on
    if isinstance(given, str):
        answers.append(replay.ask("/catalogue/search", params=body | {"collections": OPEN}).json())
    for answer in answers:
        item = answer["features"][0]
        assert has(item, kept) and not has(item, dropped)


def test_fields_leave_what_a_client_needs(replay):
    pystac.Item.from_dict(first(replay, fields="+properties.version"))
    assert replay.ask("/catalogue/search", params={"fields": "-"}).status_code == 200
    body = {"fields": {"include": "id"}}
    assert replay.ask("/catalogue/search", method="POST", json=body).status_code == 400


def test_the_browse_tree_leads_to_items(replay):
    root = replay.ask("/catalogue/").json()
    address = next(li["href"] for li in root["links"] if "/series/" in li["href"])
    ids = []
    for step in (OPEN, "2025", "03"):
        address = next(
            link["href"]
            for link in replay.ask(address).json()["links"]
            if link["rel"] == "child" and link["href"].endswith(f"/{step}")
        )
        branch = replay.ask(address).json()
        ids.append(pystac.Collection.from_dict(branch).id)
    assert ids[-1] == f"{OPEN}/2025/03"
    assert not [link for link in branch["links"] if link["rel"] == "child"]
    month = replay.ask(next(li["href"] for li in branch["links"] if li["rel"] == "items")).json()
    assert month["numberMatched"] > 500
    for path in ("none", f"{OPEN}/20", f"{OPEN}/2025/03/01"):
        assert replay.ask(f"/catalogue/series/eo:platform/EarthCARE/{path}").status_code == 404


def test_auxiliary_data_cannot_be_found_by_place_or_orbit(replay):
    level_1 = {"collections": "EarthCAREL1Validated_MAAP"}
    for given, expected in (
        ({"filter": "productType = 'AUX_JSG_1D' and frame = 'E'"}, True),
        ({"filter": "productType = 'AUX_JSG_1D' and orbitNumber = 4537"}, False),
        ({"filter": "productType = 'AUX_JSG_1D'", "bbox": "-180,-90,180,90"}, False),
        ({"filter": "productType = 'ATL_NOM_1B' and orbitNumber = 4537"}, True),
        ({"filter": "productType = 'ATL_NOM_1B'", "bbox": "0,-20,10,-10"}, True),
    ):
        found = replay.ask("/catalogue/search", params=level_1 | given).json()
        assert bool(found["numberMatched"]) is expected, given
