"""A search that finds nothing: which condition is to blame, and what the nearest answer is.

The first tests ask the recorded catalogue: they need `maap-replay run -- pytest`, or `make test`.
"""

import os

import numpy as np
import pytest

from earthcare_tutorial import search
from earthcare_tutorial._footprint import distance_km

GULF = (0, -20, 10, -10)
# The great circle between two points at 80° N, 60° of longitude apart, goes as far north as this.
BULGE = np.degrees(np.arctan(np.tan(np.radians(80)) / np.cos(np.radians(30))))
V2 = "EarthCAREL2Validated_MAAP"
on_the_replay = pytest.mark.skipif(
    "MAAP_REPLAY_PORT" not in os.environ, reason="needs the replay: run `make test`"
)

# What is asked, and what the answer tells.
NOTHING = {
    "collection": (
        {"collection": "EarthCAREL1Validated"},
        f"EarthCAREL1Validated_MAAP: this collection does not list the product; {V2} does.",
    ),
    "superseded baseline": (
        {"baseline": "BA", "start_time": "2025-12-01"},
        f"{V2}: 8 do without baseline (in BC), 132 do without time (the nearest:"
        " 08093A of 2025-10-31 01:33 before).",
    ),
    "baseline that never was": (
        {"baseline": "ZZ", "orbit_and_frame": "4537E"},
        f"{V2}: 0 do without orbit_and_frame, 2 do without baseline (in AB and BA).",
    ),
    "frame": (
        {"bbox": GULF, "frame_id": "C"},
        "57 do without frame_id (in frames A and E)",
    ),
    "frame of that orbit": (
        {"orbit_and_frame": "04312E"},
        "do without orbit_and_frame (orbit 4312 has frame A).",
    ),
    "orbit and frame": (
        {"orbit_and_frame": "04566E"},
        "(the nearest: 04538E of 2025-03-16 15:03 before and 04568E of 2025-03-18 13:19 after).",
    ),
    "orbit": (
        {"orbit_number": 4560},
        "(the nearest: 04538H of 2025-03-16 15:38 before and 04561A of 2025-03-18 01:45 after).",
    ),
    "period": (
        {"bbox": GULF, "start_time": "2025-03-10", "end_time": "2025-03-10"},
        "0 do without bbox, 57 do without time (the nearest: 04428E of 2025-03-09 13:23 before"
        " and 04452A of 2025-03-11 01:38 after).",
    ),
    "after the last": (
        {"start_time": "2027-01-01"},
        "(the nearest: 08738H of 2025-12-11 13:45 before).",
    ),
    "area": (
        {"bbox": (-180, 85, 180, 90), "orbit_number": 4537},
        "16 do without bbox (the nearest: 04537C of 2025-03-16 13:08, about 180 km away)",
    ),
    "no single one": (
        {"bbox": (50, 5, 52, 7), "end_time": "2024-01-01"},
        "so more than one condition is to blame; there are 152 granules in all, from 2025-03-02"
        " to 2025-12-11.",
    ),
    "no footprint": (
        {"file_type": "AUX_MET_1D", "bbox": GULF},
        "24 do without bbox (these have no footprint, so no bbox finds them).",
    ),
    "no orbit number": (
        {"file_type": "AUX_JSG_1D", "orbit_number": 4537},
        "(these have no orbit number: search them by time).",
    ),
    "any product": (
        {"file_type": None, "collection": "EarthCAREL2Validated", "orbit_number": 1},
        "No EarthCARE granule matches in EarthCAREL2Validated_MAAP: 1,180 do without orbit_number"
        " (the nearest: 01164E of 2024-08-11 18:53 after).",
    ),
}


@on_the_replay
@pytest.mark.parametrize(("asked", "told"), NOTHING.values(), ids=NOTHING)
def test_the_nearest_alternative_is_named(asked, told):
    with pytest.warns(UserWarning, match="granule matches in") as warned:
        assert search(**{"file_type": "M-COP"} | asked) == []
    (only,) = warned
    assert told in str(only.message)
    assert only.filename == __file__


@on_the_replay
def test_a_misspelt_collection_is_corrected():
    with pytest.raises(ValueError, match=r"L01L1Products_MAAP\. The nearest is EarthCAREL0L1"):
        search("M-COP", collection="EarthCAREL01L1Products_MAAP")


@pytest.fixture
def two_weeks(maap, raw_item):
    maap.items = [
        raw_item("20251013T131444", "07820E"),
        raw_item("20251020T132215", "07929E"),
        raw_item("20251026T011445", "08015A"),
    ]
    return maap


def test_a_catalogue_that_cannot_sort_gives_counts_alone(two_weeks):
    two_weeks.sorts = False
    with pytest.warns(UserWarning, match=r": 3 do without time\.$"):
        search("M-COP", end_time="2025-01-01")


def test_a_frame_that_cannot_be_searched_is_explained_too(two_weeks):
    two_weeks.names = ("product:type", "sat:absolute_orbit", "none", "version")
    with pytest.warns(UserWarning, match=r": 3 do without frame_id \(in frames A and E\)\.$"):
        search("M-COP", frame_id="C", start_time="2025-10-01")


def line(*corners):
    return {"type": "LineString", "coordinates": corners}


@pytest.mark.parametrize(
    ("footprint", "box", "degrees"),
    [
        (line([0, 0], [10, 0]), (2, 10, 8, 20), 10),
        (line([178, 0], [-178, 0]), (-180, 5, -179, 6), 5),  # jumps over the antimeridian
        (line([-30, 80], [30, 80]), (-180, 85, 180, 90), 85 - BULGE),
        (line([0, -40], [0, 40]), (20, -1, 30, 1), 20),  # between two corners
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, (3, 0, 4, 1), 2),
        (
            {
                "type": "MultiPolygon",
                "coordinates": [[[[9, 0, 5], [9, 1, 5]], []], [], [[[0, 0], [1, 0], [1, 1]]]],
            },
            *((3, 0, 4, 1), 2),
        ),
        (
            {"type": "MultiLineString", "coordinates": [[[9, 0], [9, 1]], [[1, 1], [1, 0]]]},
            *((3, 0, 4, 1), 2),
        ),
        (
            {
                "type": "GeometryCollection",
                "geometries": [line([1, 0], [1, 1]), {"type": "Point", "coordinates": [3, 0]}],
            },
            *((3, 0, 4, 1), 2),
        ),
    ],
)
def test_distance_is_measured_on_the_sphere(footprint, box, degrees):
    assert distance_km(footprint, box) == pytest.approx(6371 * np.radians(degrees), abs=2)


@pytest.mark.parametrize(
    "footprint",
    [
        None,
        {},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon"},
        {"type": "Point", "coordinates": [1, 2]},
        line(),
    ],
)
def test_a_footprint_without_lines_has_no_distance(two_weeks, footprint):
    assert distance_km(footprint, (3, 0, 4, 1)) is None
    two_weeks.items[0]["geometry"] = footprint
    with pytest.warns(UserWarning, match="3 do without bbox .the nearest: 0[78]"):
        search("M-COP", bbox=(0, 50, 1, 60))
