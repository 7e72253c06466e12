"""Searches of the archive by rule: filters, areas, pages in any order, and why nothing is found."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import cql2
import numpy as np
import pytest

from earthcare_products.census import census
from earthcare_products.products import PRODUCTS
from maap_replay.archive import filters, footprints, frames, geometry, pages
from maap_replay.archive.pages import Found
from maap_replay.archive.parts import Wanted
from maap_replay.service import explain
from maap_replay.service.search import contents, find, read

OPEN = "EarthCAREL2Validated_MAAP"
COP = {"collections": OPEN, "filter": "productType = 'MSI_COP_2A'"}
FILTERS = [
    "productType = 'MSI_COP_2A' and frame in ('A', 'E')",
    "orbitNumber between 3000 and 6000 or version = 'bc'",
    "not (orbitDirection = 'DESCENDING') and orbitNumber >= 4000",
    "not (frame = 'E' or orbitNumber < 2000)",
    "sat:absolute_orbit <> 4537 and instrument <> 'MSI'",
    "frame not in ('A','B') and processingLevel = 'L2A'",
    "productType like 'MSI%' and missionPhase = 'Routine'",
    "productType like '%_2_' and casei(processorName) = casei('a-pro')",
    "not missionPhase = 'x' and not orbitNumber > 5000",
    "start_datetime >= TIMESTAMP('2025-03-01T00:00:00Z') and end_datetime < '2025-09-01T00:00:00Z'",
    "published > '2025-10-01T00:00:00Z' and created <= TIMESTAMP('2025-11-01T00:00:00Z')",
    "5000 < orbitNumber and 'E' = frame",
]


def iso(number):
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)).isoformat()


def for_the_library(tree, *, times=False):
    """Filter with the properties and the times that the library compares as texts."""
    if isinstance(tree, list):
        return [for_the_library(one, times=times) for one in tree]
    if not isinstance(tree, dict):
        return iso(tree) if times and isinstance(tree, int) else tree
    if "property" in tree:
        return {"property": filters.property_of(tree["property"])}
    operands = [one for one in tree["args"] if isinstance(one, dict)]
    named = [one["property"] for one in operands if "property" in one]
    times = any(filters.property_of(name) in filters.TIMES for name in named)
    return {**tree, "args": [for_the_library(one, times=times) for one in tree["args"]]}


@pytest.mark.parametrize("text", FILTERS)
def test_filters_on_columns_mean_what_the_cql2_library_says(recordings, archive, sample, text):
    """The library judges a sample one by one; columns judge all at once."""
    expression = cql2.parse_json(json.dumps(for_the_library(filters.parse(text, "cql2-text"))))
    wanted = read({"filter": text}, recordings).wanted
    parts, matching, known = {}, {}, {}
    for part in archive.parts:
        key = part.segment.collection, part.segment.file_type, part.segment.baseline
        positions = part.matching(wanted, known)
        parts[key] = part
        matching[key] = set(range(len(part)) if positions is None else positions.tolist())
    said = Counter()
    for item in sample:
        names = {filters.property_of(name) for name in recordings.queryables[item["collection"]]}
        values = {
            name: iso(value) if name in filters.TIMES else value
            for name, value in filters.view(item).items()
            if name in names | filters.PLAIN
        }
        try:
            expected = bool(expression.matches(values))
        except Exception:  # the library's word for SQL's NULL
            expected = False
        key = item["collection"], item["id"][9:19], item["id"][6:8]
        found = parts[key].segment.find(item["id"]) in matching[key]
        assert found is expected, (item["id"], text)
        said[found] += 1
    assert said[True] > 3 and said[False] > 3


@pytest.mark.parametrize(
    "area",
    [
        geometry.box(0, -20, 10, -10),
        geometry.box(170, -15, -160, 15),
        geometry.box(-180, 80, 180, 90),
        geometry.box(-180, -60, 180, 40),
        geometry.box(-180, -30, 180, -25),
        geometry.shape({"type": "Point", "coordinates": [24.1, 61.8]}),
        geometry.shape(
            {"type": "Polygon", "coordinates": [[[350, 0], [380, 0], [365, 30], [350, 0]]]}
        ),
        geometry.shape({"type": "MultiPoint", "coordinates": [[0, 0], [100, 50], [-170, -70]]}),
        geometry.shape({"type": "LineString", "coordinates": [[-60, -60], [60, 60]]}),
    ],
)
def test_frames_meet_areas_as_their_drawn_footprints_do(area):
    numbers = np.arange(frames.number("05976A"), frames.number("06064A"))
    for shape in ("line", "swath"):
        found = footprints.Area(area).frames(shape)[numbers]
        drawn = [geometry.footprint(one["geometry"]) for one in footprints.drawn(numbers, shape)]
        assert found.tolist() == [geometry.meets(one, area) for one in drawn]
        assert found.sum() < len(found)
    assert found.any()


def test_pages_are_whole_and_in_order_however_deep(recordings):
    query = read(COP | {"limit": 2000}, recordings)
    found = Found(contents(recordings), query.wanted)
    assert len(found) == 95_017  # as counted live
    keys = []
    for start in range(0, len(found), 25_000):  # some deep pages, with their borders
        page = found.page(start, 40) + found.page(start + 40, 40)
        assert page == found.page(start, 80)
        keys += [(item["properties"]["published"], item["id"]) for item in page]
    assert keys == sorted(keys) and len(set(keys)) == len(keys) == 320
    assert found.page(95_017, 10) == [] and len(found.page(95_010, 10)) == 7


@pytest.mark.parametrize("few", [20_000, 7])
@pytest.mark.parametrize(
    "order",
    ["-datetime", "version,-orbitNumber", "-frame,id", "-id", "doi", "orbitDirection,published"],
)
def test_pages_in_any_order_are_parts_of_the_whole(recordings, order, few, monkeypatch):
    """However few items are put in order at once, and in however few steps they are looked for."""
    given = {"filter": "orbitNumber in (5376, 5377, 5378) and frame = 'E'", "sortby": order}
    query = read(given | {"collections": f"{OPEN},EarthCAREL2Products_MAAP"}, recordings)
    found = Found(contents(recordings), query.wanted)
    whole = found.page(0, len(found), query.order)
    assert len({(item["collection"], item["id"]) for item in whole}) == len(found) > 200
    monkeypatch.setattr(pages, "_FEW", few)
    monkeypatch.setattr(pages, "_STEPS", 4096 if few > 7 else 5)
    parts = [found.page(start, 37, query.order) for start in range(0, len(found), 37)]
    assert [item for part in parts for item in part] == whole
    if order == "-id":
        ids = [item["id"] for item in whole]
        assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("start", [0, 700_000, 5_000_000, 9_100_155])
def test_pages_of_everything_follow_each_other(recordings, start):
    found = Found(contents(recordings), Wanted())
    for sortby in (None, "-frame", "productType,-datetime"):
        order = read({"sortby": sortby}, recordings).order
        page = found.page(start, 40, order)
        assert page == [*found.page(start, 15, order), *found.page(start + 15, 25, order)]
        assert len(page) == 40
        if sortby == "-frame":
            letters = [item["id"][-1] if item["id"][-6:-1].isdigit() else "" for item in page]
            assert letters == sorted(letters, reverse=True)


def test_what_collections_share_is_found_in_each(recordings):
    """A line of the census is judged once: each collection must still have its own answer."""

    def number(collections, wanted):
        given = {"collections": collections, "filter": wanted}
        return len(Found(contents(recordings), read(given, recordings).wanted))

    every = [*census()]
    for wanted in (
        "orbitNumber between 5000 and 5010 and not collection = 'EarthCAREL2Validated_MAAP'",
        "frame = 'D' and created > '2025-10-01T00:00:00Z'",
        "orbitNumber = 4537 or published > '2026-02-01T00:00:00Z'",
        "missionPhase = 'Routine' and start_datetime < '2024-08-01T00:00:00Z'",
    ):
        alone = [number(name, wanted) for name in every]
        assert sum(alone) == number(",".join(every), wanted) > 0, wanted
        assert len({*alone}) > 2


def test_ids_by_a_pattern(recordings):
    given = COP | {"filter": COP["filter"] + " and uid like '%_2025031_T______Z_%_0453_E'"}
    found = find(recordings, **given)
    assert {item["id"][-6:] for item in found} == {f"0453{n}E" for n in range(10)} & {
        item["id"][-6:] for item in found
    }
    assert len(found) > 5


PATTERNS = ["ECA_EXBA_MSI%", "%E", "%04537E", "%_04537E", "E_A%T13%37_", "%0001", "%", ""]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("file_type", ["MSI_COP_2A", "AUX_ORBPRE"])
def test_a_pattern_is_judged_by_the_ends_of_ids_as_by_whole_ids(archive, file_type, pattern):
    of = next(part.segment for part in archive.parts if part.segment.file_type == file_type)
    wild = pattern.replace("%", ".*").replace("_", ".")
    expected = [re.fullmatch(wild, each) is not None for each in of.ids()]
    assert of.column("id").like(pattern).tolist() == expected


def test_dozens_of_types_in_one_search(recordings):
    types = [name for name in PRODUCTS if name in census()[OPEN]]
    wanted = " or ".join(f"(productType = '{name}')" for name in types)
    query = read({"collections": OPEN, "filter": wanted}, recordings)
    assert len(Found(contents(recordings), query.wanted)) == sum(
        row.items for rows in census()[OPEN].values() for row in rows.values()
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"datetime": "2024-01-01/2024-05-01"}, "nothing before 2024-05-28"),
        ({"datetime": "2026-03-01T00:00:00Z/..", "collections": OPEN}, "nothing after 2026-02-06"),
        ({"filter": "orbitNumber = 12345"}, "no orbit 12345"),
        ({"filter": "orbitNumber >= 9700 and frame = 'E'"}, "no orbit 9700"),
        ({"filter": "productType = 'MSI_COP_2A' and frame = 'K'"}, "no frame 'K'"),
        ({"filter": "frame in ('J')"}, "no frame 'J'"),
        ({"filter": "productType = 'NO_SUCH_TYPE'"}, ""),
    ],
)
def test_the_log_says_why_nothing_was_found(replay, caplog, given, says):
    answer = replay.ask("/catalogue/search", params=given)
    assert answer.status_code == 200 and answer.json()["numberMatched"] == 0
    told = [r.getMessage() for r in caplog.records if r.name == explain.LOG.name]
    assert len(told) == bool(says)
    assert says in "".join(told)
