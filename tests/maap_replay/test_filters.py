"""Filters as users really type them, and the names of both vocabularies."""

import pytest

OPEN = "EarthCAREL2Validated_MAAP"


def ids(replay, expression, language="cql2-text", collection=OPEN):
    body = {"filter": expression, "filter-lang": language, "limit": 2000}
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
            {"op": ">", "args": [{"property": "sat:absolute_orbit"}, 4700]},
        ],
    }
    text = ids(replay, "productVersion = 'ab' and orbitNumber > 4700")
    assert ids(replay, tree, "cql2-json") == text
    assert {name[-6:] for name in text} == {"04755E", "05378E"}


def test_a_property_that_items_lack_matches_nothing_but_stops_nothing(replay):
    assert ids(replay, "track = '1'") == []
    some = ids(replay, "frame = 'E' or track = '1'")
    assert some == ids(replay, "frame = 'E'") != []
    # items of the first era carry no mission phase
    assert ids(replay, "missionPhase = 'Routine'") != ids(replay, "platform = 'EarthCARE'")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("producttype = 'MSI_COP_2A'", "'producttype' is not a queryable"),
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
    for broken in ({"op": "="}, {"op": "=", "args": "x"}, {"no": 1}, "{", "[]", "3"):
        body = {"filter": broken, "filter-lang": "cql2-json"}
        answer = replay.ask("/catalogue/search", method="POST", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameterValue"), broken


def test_queryables_must_exist_in_all_collections_searched(replay):
    both = {"collections": f"{OPEN},EarthCAREOrbitData_MAAP", "filter": "orbitNumber = 4537"}
    assert replay.ask("/catalogue/search", params=both).status_code == 400
    assert replay.ask("/catalogue/search", params=both | {"collections": OPEN}).status_code == 200


def test_plain_query_parameters(replay):
    given = {"productType": "MSI_COP_2A", "orbitNumber": "04537", "frame": "E"}
    found = replay.ask(f"/catalogue/collections/{OPEN}/items", params=given).json()
    assert {f["properties"]["version"] for f in found["features"]} == {"AB", "BA"}
    given["productVersion"] = "ab"
    assert replay.ask("/catalogue/search", params=given).json()["numberMatched"] == 3  # and copies
