"""A search that finds nothing: which condition is to blame, and what the nearest answer is."""

import numpy as np
import pytest

from earthcare_tutorial import search
from earthcare_tutorial._footprint import distance_km
from maap_replay.items import make_item

GULF = (0, -20, 10, -10)
# The great circle between two points at 80° N, 60° of longitude apart, goes as far north as this.
BULGE = np.degrees(np.arctan(np.tan(np.radians(80)) / np.cos(np.radians(30))))
V1, V2 = "EarthCAREL1Validated_MAAP", "EarthCAREL2Validated_MAAP"
MET = "EarthCAREXMETL1DProducts10_MAAP"
DOWN, UP, NORTH = (2, -22, 12, 22), (-6, -22, 4, 22), (20, 67, 100, 83)

#: Product, baseline, start, orbit and frame, box, collection.
GRANULES = [
    ("MSI_COP_2A", "BA", "20250309T132310", "04428E", DOWN, V2),
    ("MSI_COP_2A", "BA", "20250311T013822", "04452A", UP, V2),
    ("MSI_COP_2A", "BA", "20250316T130800", "04537C", NORTH, V2),
    ("MSI_COP_2A", "AB", "20250316T133058", "04537E", DOWN, V2),
    ("MSI_COP_2A", "BA", "20250316T133058", "04537E", DOWN, V2),
    ("MSI_COP_2A", "BA", "20250318T131931", "04568E", DOWN, V2),
    ("MSI_COP_2A", "BC", "20251211T133351", "08738E", DOWN, V2),
    ("AUX_JSG_1D", "BA", "20250316T133058", "04537E", None, V1),
    ("AUX_MET_1D", "AA", "20250316T133058", "04537E", None, MET),
]


@pytest.fixture
def archive(esa_maap):
    """Serve a catalogue of these granules alone."""
    items = []
    for kind, baseline, start, frame, box, collection in GRANULES:
        name = f"ECA_EX{baseline}_{kind}_{start}Z_20260101T000000Z_{frame}"
        item = make_item(name, collection=collection, bbox=box or DOWN)
        if box is None:
            item["geometry"] = None
            item["properties"].pop("sat:absolute_orbit", None)
        items.append(item)
    esa_maap.serve(items)


# What is asked, and what the answer tells.
NOTHING = {
    "collection": (
        {"collection": "EarthCAREL1Validated"},
        f"{V1}: this collection does not list the product; {V2} does.",
    ),
    "superseded baseline": (
        {"baseline": "BA", "start_time": "2025-12-01"},
        f"{V2}: 1 does without baseline (in BC), 5 do without time (the nearest:"
        " 04568E of 2025-03-18 13:19 before).",
    ),
    "baseline that never was": (
        {"baseline": "ZZ", "orbit_and_frame": "4537E"},
        f"{V2}: 0 do without orbit_and_frame, 2 do without baseline (in AB and BA).",
    ),
    "several baselines": (
        {"baseline": ["ZY", "ZZ"], "orbit_and_frame": "4537E"},
        "2 do without baseline.",
    ),
    "frame": (
        {"bbox": GULF, "frame_id": "D"},
        "6 do without frame_id (in frames A and E)",
    ),
    "frame of that orbit": (
        {"orbit_and_frame": "04452E"},
        "7 do without orbit_and_frame (orbit 4452 has frame A).",
    ),
    "orbit and frame": (
        {"orbit_and_frame": "04500E"},
        "(the nearest: 04428E of 2025-03-09 13:23 before and 04537E of 2025-03-16 13:30 after).",
    ),
    "orbit": (
        {"orbit_number": 4500},
        "(the nearest: 04452A of 2025-03-11 01:38 before and 04537C of 2025-03-16 13:08 after).",
    ),
    "period": (
        {"bbox": GULF, "start_time": "2025-03-10", "end_time": "2025-03-10"},
        "0 do without bbox, 6 do without time (the nearest: 04428E of 2025-03-09 13:23 before"
        " and 04452A of 2025-03-11 01:38 after).",
    ),
    "after the last": (
        {"start_time": "2027-01-01"},
        "(the nearest: 08738E of 2025-12-11 13:33 before).",
    ),
    "area": (
        {"bbox": (-180, 85, 180, 90), "frame_id": "C"},
        "1 does without bbox (the nearest: 04537C of 2025-03-16 13:08, about",
    ),
    "no single one": (
        {"bbox": (50, 5, 52, 7), "end_time": "2024-01-01"},
        "so more than one condition is to blame; there are 7 granules in all, from 2025-03-09"
        " to 2025-12-11.",
    ),
    "no footprint": (
        {"file_type": "AUX_MET_1D", "bbox": GULF},
        "1 does without bbox (these have no footprint, so no bbox finds them).",
    ),
    "no orbit number": (
        {"file_type": "AUX_JSG_1D", "orbit_number": 4537},
        "(these have no orbit number: search them by time).",
    ),
    "several products": (
        {"file_type": ["M-COP", "A-EBD"], "orbit_number": 1},
        f"No MSI_COP_2A or ATL_EBD_2A granule matches in {V2}: 7 do without orbit_number",
    ),
    "any product": (
        {"file_type": None, "collection": "EarthCAREL2Validated", "orbit_number": 1},
        f"No EarthCARE granule matches in {V2}: 7 do without orbit_number (the nearest: 04428E of",
    ),
}


@pytest.mark.parametrize(("asked", "told"), NOTHING.values(), ids=NOTHING)
def test_the_nearest_alternative_is_named(archive, asked, told):
    with pytest.warns(UserWarning, match="granule matches in") as warned:
        assert search(**{"file_type": "M-COP"} | asked) == []
    (only,) = warned
    assert told in str(only.message)
    assert only.filename == __file__


def test_a_misspelt_collection_is_corrected(archive):
    with pytest.raises(ValueError, match=r"L01L1Products_MAAP'\. The nearest is EarthCAREL0L1"):
        search("M-COP", collection="EarthCAREL01L1Products_MAAP")


@pytest.fixture
def weeks(raw_item):
    return [
        raw_item("20251013T131444", "07820E"),
        raw_item("20251020T132215", "07929E"),
        raw_item("20251026T011445", "08015A"),
    ]


@pytest.fixture
def two_weeks(esa_maap, weeks):
    esa_maap.serve(weeks)
    return esa_maap


def test_a_catalogue_that_cannot_sort_gives_counts_alone(two_weeks):
    two_weeks.fail("no sorting")
    with pytest.warns(UserWarning, match=r": 3 do without time\.$"):
        search("M-COP", end_time="2025-01-01")


def test_a_frame_that_cannot_be_searched_is_explained_too(two_weeks):
    two_weeks.fail("no frames")
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
def test_a_footprint_without_lines_has_no_distance(footprint):
    assert distance_km(footprint, (3, 0, 4, 1)) is None


def test_a_granule_without_a_footprint_costs_no_other(esa_maap, weeks):
    weeks[0]["geometry"] = None
    esa_maap.serve(weeks)
    with pytest.warns(UserWarning, match="3 do without bbox .the nearest: 0[78]"):
        search("M-COP", bbox=(0, 50, 1, 60))
