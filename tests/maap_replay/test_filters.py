"""Filters as users really type them, and the names of both vocabularies."""

import pytest

OPEN = "EarthCAREL2Validated_MAAP"


DAY = "2025-05-09T12:00:00Z/2025-05-09T20:00:00Z"


def ids(replay, expression, language="cql2-text", collection=OPEN, period=None):
    body = {"filter": expression, "filter-lang": language, "limit": 2000, "datetime": period}
    answer = replay.ask(
        "/catalogue/search", method="POST", json={**body, "collections": [collection]}
    )
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


@pytest.mark.parametrize(
    "expression",
    [
        # every line is a form seen in public notebooks or clients of ESA MAAP
        "productType='MSI_COP_2A' and frame='E' and orbitNumber = 4537 and productVersion='BA'",
        " (productType = 'MSI_COP_2A') AND productVersion = 'ba' AND frame = 'E' AND"
        " orbitNumber = 04537 ",
        "product:type = 'MSI_COP_2A' AND version = 'ba' AND "
        "( sat:absolute_orbit = 4537 OR sat:absolute_orbit = 1 ) AND frame = 'E'",
        '"product:type"=\'MSI_COP_2A\' AND "sat:absolute_orbit" = 4537 AND "version"=\'BA\''
        " AND frame IN ('E')",
        "uid = 'ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E'",
        "productType = 'MSI_COP_2A' and sat:orbit_state = 'DESCENDING' and frame = 'E'"
        " and orbitNumber = '04537' and version = 'bA'",
        "productType = 'MSI_COP_2A' and modificationDate = TIMESTAMP('2025-10-13T16:01:17.000Z')",
        "instruments = 'MSI' and orbitDirection = 'descending' and productType = 'MSI_COP_2A'"
        " and frame = 'E' and processorName = 'M-CLD' and orbitNumber BETWEEN 4537 AND 4537"
        " and not version = 'ab'",
    ],
)
def test_ways_of_asking_for_one_item(replay, expression):
    assert ids(replay, expression) == [
        "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
    ]


def test_json_filters_mean_the_same_as_text(replay):
    tree = {
        "op": "and",
        "args": [
            {"op": "=", "args": [{"property": "productVersion"}, "AB"]},
            {"op": ">", "args": [{"property": "sat:absolute_orbit"}, 5377]},
        ],
    }
    text = ids(replay, "productVersion = 'ab' and orbitNumber > 5377", period=DAY)
    assert ids(replay, tree, "cql2-json", period=DAY) == text
    cop = {name[-6:] for name in text if "MSI_COP_2A" in name}
    # 05382A, at which the period ends, began before
    assert "05378E" in cop and {name[:5] for name in cop} <= {
        *map("{:05d}".format, range(5378, 5383))
    }


def test_a_property_that_items_lack_matches_nothing_but_stops_nothing(replay):
    assert ids(replay, "track = '1'") == ids(replay, "not track = '1'", period=DAY) == []
    some = ids(replay, "frame = 'E' or track = '1'", period=DAY)
    assert some == ids(replay, "frame = 'E'", period=DAY) != []
    # items of the first era carry no mission phase
    old = set(ids(replay, "missionPhase is null", period=DAY))
    assert old == set(ids(replay, "productVersion < 'ba'", period=DAY)) != set()


def test_names_that_a_collection_does_not_offer_match_nothing(replay, start):
    both = {"collections": f"{OPEN},EarthCAREOrbitData_MAAP", "filter": "orbitNumber = 4537"}
    found = replay.ask("/catalogue/search", params=both | {"limit": 500}).json()
    assert found["numberMatched"] > 200
    assert {item["collection"] for item in found["features"]} == {OPEN}
    typo = {"filter": "producttype = 'MSI_COP_2A'"}
    assert replay.ask("/catalogue/search", params=typo).json()["numberMatched"] == 0
    strict = start(strict=True)
    for given, name in ((both, "'orbitNumber'"), (typo, "'producttype'")):
        answer = strict.ask("/catalogue/search", params=given)
        assert answer.status_code == 400
        assert f"{name} is not a queryable" in answer.json()["description"]
    assert strict.ask("/catalogue/search", params=both | {"collections": OPEN}).status_code == 200


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("frame + 1 = 2", "'+' is not supported"),
        ("frame = ", "cannot be parsed"),
        ("frame = 'E' nonsense", "cannot be parsed"),
        ("orbitNumber = 'many'", "orbit number"),
        ("modificationDate > 'yesterday'", "is not a time"),
        ("S_INTERSECTS(geometry, POINT(0 0))", "not supported"),
    ],
)
def test_a_filter_that_cannot_work_is_refused_in_one_sentence(replay, expression, says):
    answer = replay.ask("/catalogue/search", params={"filter": expression})
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidParameterValue"
    assert says in answer.json()["description"]
    assert "\n" not in answer.json()["description"]


def test_a_json_filter_that_cannot_be_read_is_refused(replay):
    for broken in (
        {"op": "="},
        {"op": "=", "args": "x"},
        {"no": 1},
        "{",
        "[]",
        "3",
        {"op": "=", "args": [{"property": "frame"}]},
    ):
        body = {"filter": broken, "filter-lang": "cql2-json"}
        answer = replay.ask("/catalogue/search", method="POST", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameterValue"), broken


def test_plain_query_parameters(replay):
    given = {"productType": "MSI_COP_2A", "orbitNumber": "04537", "frame": "E"}
    found = replay.ask(f"/catalogue/collections/{OPEN}/items", params=given).json()
    assert {f["properties"]["version"] for f in found["features"]} == {"AB", "BA"}
    given["productVersion"] = "ab"
    assert replay.ask("/catalogue/search", params=given).json()["numberMatched"] == 3  # and copies
