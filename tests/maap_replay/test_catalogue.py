"""The catalogue over real sockets: landing page, collections, search, paging, and a real client."""

import pystac_client
import pytest
import requests
from pystac_client.stac_api_io import StacApiIO

from maap_replay.archive import geometry

OPEN = "EarthCAREL2Validated_MAAP"
BOX = "0,-20,10,-10"
SPRING = "2025-03-01T00:00:00Z/2025-04-10T00:00:00Z"
#: Frames E over the box in these weeks, by the track, in two baselines.
MATCHED = 47
PAGE = ["04366E", "04568E", "04537E", "04755E", "04879E"]


COP_BA = "productType = 'MSI_COP_2A' and productVersion = 'ba'"


def search(replay, path="/catalogue/search", **given):
    answer = replay.ask(path, params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def frames(page):
    return [feature["id"][-6:] for feature in page["features"]]


def test_landing_page(replay):
    root = replay.ask("/catalogue/").json()
    assert (root["id"], root["stac_version"]) == ("fedeo", "1.1.0")
    found = [link for link in root["links"] if link["rel"] == "search"]
    assert found[0]["type"] == "application/opensearchdescription+xml"
    assert [link.get("method") for link in found] == [None, "GET", "POST"]
    assert replay.ask("/catalogue/conformance").json()["conformsTo"] == root["conformsTo"]
    for link in root["links"]:
        assert replay.ask(link["href"]).status_code == 200, link["href"]


def test_slashless_root(replay, start):
    assert replay.ask("/catalogue").json()["id"] == "fedeo"
    strict = start(strict=True)
    answer = strict.ask("/catalogue")
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (503, "text/html")
    assert strict.ask("/catalogue/").status_code == 200


def test_collections(replay):
    everything = replay.ask("/catalogue/collections").json()
    assert everything["numberMatched"] == len(everything["collections"]) == 12
    some = replay.ask("/catalogue/collections", params={"q": "jaxa", "limit": 2}).json()
    assert (some["numberMatched"], some["numberReturned"]) == (3, 2)
    assert all("JAXA" in one["id"] for one in some["collections"])
    for link in some["collections"][0]["links"]:
        assert replay.ask(link["href"]).status_code == 200, link["href"]


def test_queryables_name_both_vocabularies(replay):
    answer = replay.ask(f"/catalogue/collections/{OPEN}/queryables")
    assert answer.headers["Content-Type"].startswith("application/schema+json")
    names = answer.json()["properties"]
    assert names["productType"] == names["product:type"]
    assert "MSI_COP_2A" in names["productType"]["enum"]
    orbit_data = replay.ask("/catalogue/collections/EarthCAREOrbitData_MAAP/queryables").json()
    assert not {"frame", "orbitNumber"} & orbit_data["properties"].keys()


def test_the_search_of_the_original_page_begins_with_its_five_items(replay):
    # By publication, so not by sensing time: the page's own table has 04568E before 04537E.
    wanted = "productType = 'MSI_COP_2A' and frame = 'E'"
    page = search(replay, collections=OPEN, bbox=BOX, datetime=SPRING, filter=wanted, limit=5)
    assert frames(page) == PAGE
    assert page["numberMatched"] == MATCHED
    keys = list(page["features"][0]["assets"])
    assert keys == [
        *("thumbnail", "product", "metadata_ogc_10_157r4", "enclosure_h5"),
        *("metadata_ogc_17_003r2", "metadata_iso_19139", "enclosure_hdr", "quicklook"),
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_paging_with_a_real_client(replay, method):
    class Loopback(requests.adapters.HTTPAdapter):
        """Send requests for the live host to the replay."""

        def send(self, request, *arguments, **keywords):
            request.headers["Host"] = "catalog.maap.eo.esa.int"
            request.url = request.url.replace("https://catalog.maap.eo.esa.int", replay.base)
            return super().send(request, *arguments, **keywords)

    client_io = StacApiIO()
    with client_io.session as session:
        session.mount("https://catalog.maap.eo.esa.int", Loopback())
        client = pystac_client.Client.open(
            "https://catalog.maap.eo.esa.int/catalogue/", stac_io=client_io
        )
        found = client.search(
            method=method,
            collections=[OPEN],
            bbox=[0, -20, 10, -10],
            datetime=["2025-03-01T00:00:00Z", "2025-04-10T00:00:00Z"],
            filter="productType = 'MSI_COP_2A' and frame = 'E'",
            filter_lang="cql2-text",
            limit=4,
        )
        items = list(found.items())
        assert len(items) == len({item.id for item in items}) == found.matched() == MATCHED
        assert [item.id[-6:] for item in items[:5]] == PAGE
        # In another order, and the collections that a client lists
        latest = client.search(collections=[OPEN], sortby="-datetime", max_items=3, limit=2)
        times = [item.properties["start_datetime"] for item in latest.items()]
        assert times == sorted(times, reverse=True) and len(times) == 3
        assert len(list(client.get_collections())) == 12
        assert client.get_collection(OPEN).get_item(items[0].id).id == items[0].id


def test_the_next_page_of_a_post_can_be_fetched_with_get(replay):
    body = {
        "collections": [OPEN],
        "limit": 3,
        "intersects": {"type": "Point", "coordinates": [5, -15]},
        "filter": {"op": "=", "args": [{"property": "frame"}, "E"]},
        "filter-lang": "cql2-json",
        "sortby": [{"field": "start_datetime", "direction": "desc"}],
    }
    first = replay.ask("/catalogue/search", method="POST", json=body).json()
    link = next(link for link in first["links"] if link["rel"] == "next")
    by_get = replay.ask(link["href"]).json()
    by_post = replay.ask("/catalogue/search", method="POST", json=body | link["body"]).json()
    assert frames(by_get) == frames(by_post)
    assert not set(frames(by_get)) & set(frames(first))
    everything = replay.ask("/catalogue/search", method="POST", json=body | {"limit": 2000}).json()
    assert frames(everything)[:6] == frames(first) + frames(by_get)
    last = body | {"startRecord": everything["numberMatched"], "limit": 1}
    page = replay.ask("/catalogue/search", method="POST", json=last).json()
    assert len(page["features"]) == 1
    assert not [link for link in page["links"] if link["rel"] == "next"]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        # 04537E is sensed from 13:30:58 to 13:42:33
        ("2025-03-16T13:42:00Z/2025-03-16T13:42:10Z", ["04537E"]),
        ("2025-03-16T13:35:00Z", ["04537E"]),
        ("2025-03-16T13:30:00/2025-03-16T13:30:50", ["04537D"]),
        ("2025-03-16T13:30:58Z", ["04537D", "04537E"]),  # both ends belong to a frame
        ("../2024-07-16T12:40:00Z", ["00756C"]),  # the first of the census
        ("2026-02-06T20:30:00Z/..", ["09630B"]),  # and the last
        ("2024-05-01/2024-05-27", []),
        ("2026-03-01T00:00:00Z/..", []),
        ("2025-11-18T02:57:00Z/2025-11-18T02:57:30Z", ["08373H"]),
    ],
)
def test_datetime_is_an_overlap(replay, period, expected):
    wanted = "productType = 'MSI_COP_2A' and productVersion in ('ba', 'bc')"
    found = search(replay, collections=OPEN, datetime=period, filter=wanted, limit=200)
    assert sorted(frames(found)) == expected


def test_a_day_has_all_its_frames(replay):
    found = search(replay, collections=OPEN, datetime="2025-03-30", filter=COP_BA, limit=200)
    # 124.5 frames of 694 s on average, and two that begin or end at midnight
    assert 124 <= len(set(frames(found))) <= 127


def test_boxes_over_the_antimeridian(replay):
    def meeting(bbox):
        day = "2025-06-17T00:00:00Z/2025-06-18T00:00:00Z"
        return frames(search(replay, collections=OPEN, bbox=bbox, datetime=day, limit=2000))

    over, east = meeting("170,-15,-160,15"), meeting("170,-15,180,15")
    west = meeting("-180,-15,-160,15")
    assert set(over) == set(east) | set(west) >= {"05976E"}
    assert set(east) != set(west)
    assert meeting("170,-15,0,-160,15,20000") == over  # with heights


def test_ids_and_sorting(replay):
    names = [f["id"] for f in search(replay, collections=OPEN, bbox=BOX, limit=3)["features"]]
    found = search(replay, ids=",".join(names), collections=OPEN, sortby="-id")
    assert [f["id"] for f in found["features"]] == sorted(names, reverse=True)
    found = search(replay, collections=OPEN, sortby="+orbitNumber,-frame", limit=400)
    assert frames(found)[:2] == ["00227H", "00227H"]
    keys = [(int(name[:5]), -ord(name[5])) for name in frames(found)]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "given",
    [
        {"bbox": "0,-20,10"},
        {"bbox": "a,b,c,d"},
        {"bbox": "0,10,10,-10"},
        {"bbox": "0,nan,10,20"},
        {"datetime": "yesterday"},
        {"datetime": "../.."},
        {"datetime": "2025-04-01/2025-03-01"},
        {"limit": "0"},
        {"limit": "ten"},
        {"startRecord": "-1"},
        {"sortby": "-colour"},
        {"intersects": "{"},
        {"intersects": '{"type": "Circle"}'},
        {"intersects": '{"type": "Polygon", "coordinates": []}'},
        {"intersects": '{"type": "Point", "coordinates": ["a", "b"]}'},
        {"intersects": '{"type": "GeometryCollection"}'},
        {"intersects": "[1, 2]"},
        {"bbox": BOX, "intersects": '{"type": "Point", "coordinates": [5, -15]}'},
        {"filter": "frame = 'E'", "filter-lang": "sql"},
    ],
)
def test_parameters_that_cannot_work_are_refused(replay, given):
    answer = replay.ask("/catalogue/search", params=given)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameterValue")
    assert answer.json()["description"].endswith(".")


def test_unknown_things(replay):
    assert replay.ask("/catalogue/collections/EarthCAREL01L1Products_MAAP").status_code == 404
    assert replay.ask(f"/catalogue/collections/{OPEN}/items/none").json()["code"] == "NotFound"
    assert replay.ask("/catalogue/nothing").json()["code"] == "NotFound"
    assert replay.ask("/catalogue/search", method="DELETE").json()["code"] == "MethodNotAllowed"
    assert search(replay, collections="nothing")["numberMatched"] == 0
    # ignored, as the live service does
    assert search(replay, colour="blue")["numberMatched"] > 9_000_000
    for body in (b"{", b"[]", b"3"):
        answer = replay.ask("/catalogue/search", method="POST", data=body)
        assert answer.status_code == 400


def square(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (square(1, 1, 2, 2), True),  # inside
        (square(-50, -50, 50, 50), True),  # around
        (square(9, 9, 20, 20), True),
        (square(10, 10, 20, 20), True),  # touching
        (square(10.1, 0, 20, 10), False),
        (square(361, 1, 362, 2), True),  # a turn further east
        ({"type": "Point", "coordinates": [5, 5]}, False),  # in the hole
        ({"type": "Point", "coordinates": [1, 5]}, True),
        ({"type": "MultiPoint", "coordinates": [[50, 50], [1, 5]]}, True),
        ({"type": "LineString", "coordinates": [[-5, 5], [15, 5]]}, True),
        ({"type": "LineString", "coordinates": [[4.5, 5], [5.5, 5, 100]]}, False),
        (
            {"type": "MultiPolygon", "coordinates": [square(4.5, 4.5, 5.5, 5.5)["coordinates"]]},
            False,
        ),
        ({"type": "GeometryCollection", "geometries": [square(3, 3, 7, 7)]}, True),
    ],
)
def test_shapes_that_meet(drawn, expected):
    holed = square(0, 0, 10, 10)
    holed["coordinates"].append([[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]])
    assert geometry.meets(geometry.footprint(holed), geometry.shape(drawn)) is expected
    assert geometry.meets(geometry.shape(drawn), geometry.footprint(holed)) is expected


def test_a_footprint_round_a_pole_and_one_over_the_antimeridian():
    cap = {"type": "Polygon", "coordinates": [[[0, 80], [120, 80], [-120, 80], [0, 80]]]}
    assert geometry.meets(geometry.footprint(cap), geometry.box(-100, 85, -90, 86))
    assert not geometry.meets(geometry.footprint(cap), geometry.box(-100, 70, -90, 75))
    line = {"type": "LineString", "coordinates": [[170, 0], [-170, 10]]}
    assert geometry.meets(geometry.footprint(line), geometry.box(-180, 0, -170, 10))
    assert geometry.meets(geometry.footprint(line), geometry.box(179, 0, -179, 10))
    assert not geometry.meets(geometry.footprint(line), geometry.box(-10, -10, 10, 10))
