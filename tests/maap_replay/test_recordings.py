"""The recordings: one visible rule, valid STAC, and agreement with what is publicly known."""

import hashlib
import json
from datetime import datetime
from itertools import pairwise

import pystac
import pytest

from maap_replay.recordings import FOLDER, build, load
from maap_replay.recordings.expand import compact, expand, folder, parse_id
from maap_replay.recordings.patch import difference, merge

#: Of the item as a public notebook printed it in August 2025, with sorted keys.
DIGEST = "7cebc2fe6d1dbbbd25521c2067f4933fddcd8255e895194ccf763140136a9cf6"


@pytest.fixture(scope="module")
def lines():
    return [
        json.loads(line)
        for path in sorted((FOLDER / "items").glob("*/*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def test_the_rule_loses_nothing(lines):
    for line in lines:
        item = expand(line)
        assert compact(item, line["style"], line["origin"]) == line
        # an item with surprises of its own comes back too, under the rule of any style
        item["properties"]["surprise"] = {"deep": [1, {"a": 2}]}
        del item["assets"]["metadata_iso_19139"], item["properties"]["platform"]
        for style in ("2025-08", "2025-11", "2025-12"):
            assert expand(compact(item, style, "test")) == item


def test_the_item_that_is_public_in_full_comes_out_as_it_was_printed(lines):
    line = next(line for line in lines if line["id"].endswith("05378E"))
    text = json.dumps(expand(line), sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_what_a_line_cannot_hold_is_refused(lines):
    item = expand(lines[0])
    item["properties"]["missing"] = None
    with pytest.raises(ValueError, match="cannot be written"):
        compact(item, "2025-12", "test")


def test_merge_patches_follow_the_rfc():
    target = {"a": "b", "c": {"d": "e", "f": "g"}}
    assert merge(target, {"a": "z", "c": {"f": None}}) == {"a": "z", "c": {"d": "e"}}
    assert merge(target, ["x"]) == ["x"] and merge(["x"], {"a": 1, "b": None}) == {"a": 1}
    assert merge(target, difference(target, {"c": {"d": 1}, "n": 2})) == {"c": {"d": 1}, "n": 2}


def test_the_script_writes_exactly_these_files(tmp_path):
    assert build.write(tmp_path) == len(load().items)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.glob("*/*")}
    kept = FOLDER / "items"
    assert made == {path.relative_to(kept): path.read_bytes() for path in kept.glob("*/*")}
    assert sum(map(len, made.values())) < 1_000_000


def test_items_are_stac_and_follow_from_their_ids():
    recordings = load()
    assert len(recordings.by_address) == len(recordings.items)
    for item in recordings.items:
        parsed = pystac.Item.from_dict(item)
        assert parsed.to_dict(transform_hrefs=False)["assets"].keys() == item["assets"].keys()
        name, properties = parse_id(item["id"]), item["properties"]
        start, end, node = (
            datetime.fromisoformat(properties[key])
            for key in ("start_datetime", "end_datetime", "sat:anx_datetime")
        )
        assert start == name.start and 600 < (end - start).total_seconds() < 720
        # the last ascending node before the frame
        assert 0 < (start - node).total_seconds() < 5556
        assert properties["published"] > properties["created"] < properties["updated"]
        queryables = recordings.queryables[item["collection"]]
        assert properties["product:type"] in queryables["productType"]["enum"]
        assert properties["version"].lower() in queryables["productVersion"]["enum"]
        for asset in item["assets"].values():
            assert folder(item["id"]) in asset["href"] or "/items/" in asset["href"]
        west, south, east, north = item["bbox"]
        assert -180 <= west < east <= 180 and -90 <= south < north <= 90
        points = item["geometry"]["coordinates"]
        if item["geometry"]["type"] == "Polygon":
            points = points[0]
            assert len(points) == 23 and points[0] == points[-1]
        jumps = any(abs(a[0] - b[0]) > 180 for a, b in pairwise(points))
        assert jumps == ((west, east) == (-180, 180))


def test_the_track_model_agrees_with_the_observed_items(lines):
    """The numbers that README.md states."""
    measured = 0
    for line in lines:
        if not line["origin"].startswith("observed: public notebook"):
            continue
        item, name = expand(line), parse_id(line["id"])
        _, bbox = build.footprint(name.orbit, name.frame, swath=True)
        assert max(abs(a - b) for a, b in zip(bbox, item["bbox"], strict=True)) < 0.2
        start = build.frame_time(name.orbit, name.frame)[0]
        assert abs((start - name.start).total_seconds()) < 2
        measured += 1
    assert measured == 5


def test_every_kind_of_item_that_lessons_and_tests_need():
    items = [item for item in load().items if item["collection"] == "EarthCAREL2Validated_MAAP"]
    cop = [item for item in items if item["properties"]["product:type"] == "MSI_COP_2A"]
    assert len(cop) >= 120
    by_frame = {}
    for item in cop:
        by_frame.setdefault(item["id"][-6:], []).append(item)
    assert {i["properties"]["version"] for i in by_frame["04537E"]} == {"AB", "BA"}
    assert len({i["properties"]["created"] for i in by_frame["04646E"]}) == 2
    for orbit in ("04536", "04537", "04538", "05976", "07929"):
        assert all(f"{orbit}{letter}" in by_frame for letter in "ABCDEFGH")
    assert not {"thumbnail", "quicklook"} & by_frame["04428E"][0]["assets"].keys()
    assert {"thumbnail", "quicklook"} & by_frame["04490E"][0]["assets"].keys() == {"thumbnail"}
    swapped = next(i for i in items if "AC__CLP_2B" in i["id"])["assets"]
    assert swapped["enclosure_h5"]["href"].endswith(".HDR")
    assert swapped["enclosure_hdr"]["href"].endswith(".h5")
    assert by_frame["05378E"][0]["assets"]["enclosure_1"]["file:size"] == 136301685
