"""Searching: the question that is sent, the order, what is left out, and why nothing comes."""

import re

import numpy as np
import pandas as pd
import pystac
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthcare_tutorial import catalogue, count, file_type, identify, search, searching
from earthcare_tutorial.searching import make_query
from tests.earthcare_tutorial.conftest import searches

V2 = "EarthCAREL2Validated_MAAP"


@pytest.fixture
def filled(esa_maap, raw_item):
    """Put granules into the catalogue in the order of publishing, which is not that of time."""
    items = [
        raw_item("20251020T132215", "07929E"),
        raw_item("20251013T131444", "07820E"),
        raw_item("20251026T011445", "08015A", bbox=(160, -22, 175, 22)),
        raw_item("20251025T020638", "08000A", bbox=(-179, -22, -170, 22)),
        raw_item("20250509T144033", "05378E", kind="ATL_EBD_2A"),
    ]
    esa_maap.serve(items)
    return esa_maap


def frames(items):
    return [identify(item).orbit_and_frame for item in items]


@pytest.mark.parametrize("name", ["M-COP", "MCOP", "msi_cop_2a", "MSI_COP", "MSI_COP_2A"])
def test_file_type_takes_every_spelling(name):
    assert file_type(name) == "MSI_COP_2A"


def test_file_type_names_the_nearest():
    with pytest.raises(ValueError, match=r"no EarthCARE product 'MSI_COB_2A'.*MSI_COP_2A \(M-COP"):
        file_type("MSI_COB_2A")


def test_items_come_in_order_of_time(filled):
    found = search("M-COP")
    assert all(isinstance(item, pystac.Item) for item in found)
    assert frames(found) == ["07820E", "07929E", "08000A", "08015A"]


def test_question_is_get_with_a_text_filter(filled):
    search("M-COP", orbit_and_frame="7929E", baseline="BA", bbox=(0, -20, 10, 10))
    asked = searches(filled)[0]
    assert asked["filter"] == (
        "product:type = 'MSI_COP_2A' and sat:absolute_orbit = 7929 and frame = 'E'"
        " and version = 'ba'"
    )
    assert asked["filter-lang"] == "cql2-text"
    assert asked["bbox"] == "0.0,-20.0,10.0,10.0"
    assert asked["collections"] == V2


def test_old_names_are_used_where_the_catalogue_still_has_them(filled):
    filled.fail("old names")
    assert frames(search("M-COP", orbit_number="07929")) == ["07929E"]
    assert searches(filled)[0]["filter"] == "productType = 'MSI_COP_2A' and orbitNumber = 7929"


def test_queryables_are_asked_once(filled):
    search("M-COP")
    search("M-COP", frame_id="a")
    assert sum("queryables" in one.path for one in filled.log) == 1


def test_frame_that_cannot_be_searched_is_picked_here(filled):
    filled.fail("no frames")
    with pytest.raises(ValueError, match="cannot be searched by frame_id"):
        search("M-COP", frame_id="A")
    assert frames(search("M-COP", frame_id="A", start_time="2025-10-01")) == ["08000A", "08015A"]


def test_box_across_the_antimeridian(filled):
    assert frames(search("M-COP", bbox=(170, -10, -175, 10))) == ["08000A", "08015A"]
    assert len(searches(filled)) == 2


@pytest.mark.parametrize(
    ("bbox", "sentence"),
    [
        ((-10, 170, 10, 179), r"looks like \(south, west, north, east\)"),
        ((0, 10, 10, -10), "south 10 lies north"),
        ((0, -10, 200, 10), "longitudes from -180 to 180"),
        ((0, 1, 2), "four numbers"),
    ],
)
def test_wrong_boxes_are_explained(bbox, sentence):
    with pytest.raises(ValueError, match=sentence):
        search("M-COP", bbox=bbox)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"orbit_and_frame": "4537K"}, "a letter A to H"),
        ({"orbit_and_frame": "4537E", "frame_id": "E"}, "not both"),
        ({"frame_id": "Z"}, "one letter A to H"),
        ({"orbit_number": "x"}, "orbit_number is a whole number"),
        ({"start_time": "yesterday"}, "no time such as"),
        ({"start_time": pd.NaT}, "NaT is no time such as"),
        ({"orbit_number": 4537.5}, "orbit_number is a whole number such as 4537: not '4537.5'"),
        ({"orbit_number": True}, "orbit_number is a whole number"),
        ({"max_items": -1}, "max_items is a whole number, 1 or more: not '-1'"),
        ({"max_items": 0}, "max_items is a whole number, 1 or more"),
        ({"frame_id": []}, "frame_id is an empty list"),
        ({"baseline": "newest"}, "baseline is 'latest', 'all' or two letters such as 'BA'"),
        ({"baseline": "ba' or version <> 'x"}, "baseline is 'latest', 'all' or two letters"),
        ({"baseline": ["BA", "all"]}, "baseline is 'latest', 'all' or two letters"),
        ({"collection": "../collections"}, "collection is a name such as"),
        ({"bbox": (0, float("nan"), 1, 2)}, "four numbers in degrees"),
        ({"bbox": "gulf"}, "four numbers in degrees"),
        ({"ids": "MSI_COP_2A_04537E"}, "is not the name of an EarthCARE granule"),
        ({"start_time": "2025-10-31", "end_time": "2025-10-01"}, "is after end_time"),
    ],
)
def test_wrong_conditions_are_explained(condition, sentence):
    with pytest.raises(ValueError, match=sentence):
        search("M-COP", **condition)


def test_last_day_is_included(filled):
    assert frames(search("M-COP", start_time="2025-10-13", end_time="2025-10-20")) == [
        "07820E",
        "07929E",
    ]
    assert searches(filled)[0]["datetime"] == "2025-10-13T00:00:00Z/2025-10-20T23:59:59Z"


def test_latest_keeps_highest_baseline_then_last_processing(esa_maap, raw_item, capsys):
    names = [("BA", "20251013T162407"), ("AB", "20251101T000000"), ("BA", "20251020T000000")]
    esa_maap.serve([raw_item(baseline=baseline, created=made) for baseline, made in names])
    (kept,) = search("M-COP")
    assert "_20251020T000000Z_" in kept.id
    assert capsys.readouterr().out == (
        "2 superseded granules left out (07820E AB, 07820E BA); baseline='all' keeps them.\n"
    )
    assert len(search("M-COP", baseline="all")) == 3
    assert [identify(item).baseline for item in search("M-COP", baseline="ab")] == ["AB"]


@pytest.mark.parametrize("sorts", [True, False])
def test_max_items_are_the_earliest(esa_maap, raw_item, sorts):
    esa_maap.serve(
        [raw_item(f"202510{d:02d}T131444", f"{7000 + d:05d}E") for d in range(30, 0, -1)]
    )
    if not sorts:
        esa_maap.fail("no sorting")
    assert frames(search("M-COP", max_items=3)) == ["07001E", "07002E", "07003E"]
    assert len(searches(esa_maap)) == 1


def test_pages_are_followed(esa_maap, raw_item, monkeypatch):
    monkeypatch.setattr(searching, "PAGE", 7)
    esa_maap.serve([raw_item(f"202510{d:02d}T131444", f"{7000 + d:05d}E") for d in range(1, 31)])
    assert len(search("M-COP")) == 30


def test_nothing_found_names_the_condition(filled):
    with pytest.warns(UserWarning, match="granule matches") as warned:
        assert search("M-COP", bbox=(0, 50, 1, 60), start_time="2025-10-01") == []
    assert str(warned[0].message) == (
        f"No MSI_COP_2A granule matches in {V2}: 4 do without bbox (the nearest: 07820E of"
        " 2025-10-13 13:14, about 3120 km away), 0 do without time."
    )
    assert warned[0].filename == __file__


def test_nothing_found_because_of_the_product(filled):
    with pytest.warns(UserWarning, match="this collection does not list the product"):
        assert search("M-RGR", collection=V2) == []


def test_nothing_found_by_orbit_and_frame(filled):
    with pytest.warns(UserWarning, match="4 do without orbit_and_frame"):
        assert search("M-COP", orbit_and_frame="00001A") == []


def test_nothing_for_a_moment_is_asked_again(filled):
    filled.fail("no matches")
    assert len(search("M-COP")) == 4


def test_granules_that_do_not_arrive_are_missed(filled):
    filled.fail("short listing")
    with pytest.warns(UserWarning, match="counted 4 granules but sent 2") as warned:
        assert len(search("M-COP")) == 2
    assert warned[0].filename == __file__


def test_unknown_collection(filled):
    with pytest.raises(ValueError, match=r"no collection 'Nonsense_MAAP'\."):
        search("M-COP", collection="Nonsense")


@pytest.mark.parametrize("suffix", ["", "_MAAP"])
def test_collection_with_and_without_suffix(filled, suffix):
    assert len(search("M-COP", collection="EarthCAREL2Validated" + suffix)) == 4


def test_busy_and_dropping_gateway_is_asked_again(filled):
    drop = "dropped connection"
    filled.fail_next(503, drop, None, 429, drop, 502, drop)
    assert len(search("M-COP")) == 4


@pytest.mark.parametrize("place", [0, 1, 2, 3], ids=["root", "queryables", "search", "page"])
@pytest.mark.parametrize("fault", ["login page", "cut"])
def test_half_an_answer_is_asked_for_again_wherever_it_comes(filled, monkeypatch, fault, place):
    monkeypatch.setattr(searching, "PAGE", 2)
    filled.fail_next(*[None] * place, fault)
    assert len(search("M-COP")) == 4
    assert not filled.faults


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ([503] * 6, "answers 503: it is busy, try again later"),
        (["login page"] * 3, "sends a web page instead of data, 3 times: try again later"),
        (["cut"] * 3, "sends half an answer, 3 times: try again later"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2], ids=["root", "queryables", "search"])
def test_gateway_that_stays_broken(filled, faults, sentence, place):
    filled.fail_next(*[None] * place, *faults)
    with pytest.raises(ConnectionError, match=rf"^catalog\.maap\.eo\.esa\.int {sentence}\.$"):
        search("M-COP")


def test_refused_question(filled):
    filled.fail_next(None, None, 400)
    with pytest.raises(ValueError, match=r"refuses the question \(400\)"):
        search("M-COP")


def test_no_network(esa_maap):
    esa_maap.stop()
    with pytest.raises(ConnectionError, match=r"^No answer from catalog.*check the network"):
        search("M-COP")


@pytest.mark.parametrize(
    "number", [7929, 7929.0, "07929", np.int64(7929), np.float32(7929), np.array(7929), [7929]]
)
def test_orbit_number_in_any_plain_form(filled, number):
    assert frames(search("M-COP", orbit_number=number)) == ["07929E"]


@pytest.mark.parametrize("of", [list, tuple, np.array, pd.Index, pd.Series, iter], ids=str)
def test_lists_of_any_kind_ask_for_one_of_their_values(of):
    query = make_query(
        of(["M-COP", "M-CM"]), orbit_number=of([4537, 4538]), baseline=of(["BA", "bc"]),
        frame_id=of(["a", "E"]),
    )  # fmt: skip
    assert query.terms == {
        "file_type": ["MSI_COP_2A", "MSI_CM__2A"],
        "orbit_number": [4537, 4538],
        "frame_id": ["A", "E"],
        "baseline": ["BA", "BC"],
    }
    assert make_query("M-COP", bbox=np.array([0, 1, 2, 3])).boxes == [(0, 1, 2, 3)]
    assert make_query("M-COP", orbit_number=range(2, 4)).terms["orbit_number"] == [2, 3]


@pytest.mark.usefixtures("esa_maap")
def test_lists_are_understood_by_the_catalogue():
    found = search(
        ["M-COP", "A-EBD"], orbit_and_frame=["4537E", "04538D"], baseline="BA", max_items=10
    )
    told = sorted((identify(item).file_type, identify(item).orbit_and_frame) for item in found)
    assert told == [
        ("ATL_EBD_2A", "04537E"),
        ("ATL_EBD_2A", "04538D"),
        ("MSI_COP_2A", "04537E"),
        ("MSI_COP_2A", "04538D"),
    ]


@pytest.mark.usefixtures("esa_maap")
def test_granules_are_found_by_id_and_missing_ones_are_named():
    (older,) = search("M-COP", orbit_and_frame="04537E", baseline="AB")
    with pytest.warns(UserWarning, match=r"^Not in the catalogue: ECA_.*04537H\.$"):
        (found,) = search(ids=[older.id, older.id.replace("04537E", "04537H")])
    assert found.id == older.id


def test_counting_reads_no_granule(filled):
    assert count("M-COP", baseline="BA") == 4
    assert [asked["limit"] for asked in searches(filled)] == ["1"]


@pytest.mark.parametrize("sorts", [True, False])
def test_a_search_for_too_much_is_refused_before_it_reads_on(
    esa_maap, raw_item, monkeypatch, sorts
):
    monkeypatch.setattr(searching, "MOST", 8)
    monkeypatch.setattr(searching, "PAGE", 4)
    esa_maap.serve([raw_item(f"202510{d:02d}T131444", f"{7000 + d:05d}E") for d in range(1, 10)])
    if not sorts:
        esa_maap.fail("no sorting")
    with pytest.raises(ValueError, match=r"^9 granules match, .* count\(\) only counts\.$"):
        search("M-COP")
    assert len(searches(esa_maap)) == 1
    assert len(search("M-COP", max_items=9)) == 9
    assert len(search("M-COP", end_time="2025-10-08")) == 8


def test_an_odd_item_costs_no_other(filled):
    items = filled.items
    items[0]["links"] = [{"rel": "self"}]
    items[1]["assets"]["extra"] = {"type": "text/plain"}
    items[2]["geometry"] = None
    items[3]["links"] = ["href"]
    filled.serve(items)
    with pytest.warns(UserWarning, match="08000A left out, its catalogue entry cannot be read"):
        assert frames(search("M-COP")) == ["07820E", "07929E", "08015A"]


CLAUSE = r"(product:type|frame|version) = '\w+'|sat:absolute_orbit [=<>] \d+"


@settings(deadline=None, database=None, derandomize=True)
@given(
    term=st.sampled_from(
        ["file_type", "orbit_and_frame", "orbit_number", "frame_id", "baseline", "collection"]
    ),
    text=st.text() | st.from_regex(r"\A(BA|E|4537E|M-COP)['\") (or=<>%]+.*\Z"),
)
def test_no_text_gets_out_of_its_quotes(term, text):
    names = {"product:type": {}, "sat:absolute_orbit": {}, "frame": {}, "version": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "queryables", lambda _: names)
        try:
            query = make_query(**{"file_type": "M-COP"} | {term: text})
        except ValueError:
            return
        for part in (query.filter_text() or "").split(" and "):
            assert re.fullmatch(CLAUSE, part)
        assert all(re.fullmatch(r"[\w.:-]+", name, re.ASCII) for name in query.collections)
