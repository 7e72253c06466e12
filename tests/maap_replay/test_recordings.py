"""The recordings: one visible rule, valid STAC, and agreement with what is publicly known."""

import hashlib
import json
from datetime import datetime
from itertools import pairwise

import pystac
import pytest
from maap_replay.recordings.build import plan
from maap_replay.recordings.build.passes import footprint

from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import PRODUCTS
from earthcare_synthetic.ground_track import frame_time
from maap_replay.recordings import FOLDER, build
from maap_replay.recordings.expand import compact, expand
from maap_replay.recordings.names import folder
from maap_replay.recordings.patch import difference, merge

#: Of the item as a public notebook printed it in August 2025, with sorted keys.
DIGEST = "7cebc2fe6d1dbbbd25521c2067f4933fddcd8255e895194ccf763140136a9cf6"
#: Queryable -> property, of those whose values queryables list.
LISTED = {
    "productType": "product:type",
    "productVersion": "version",
    "instrument": "instruments",
    "processingCenter": "processing:facility",
    "processingLevel": "processing:level",
    "processorName": "processing:software",
    "acquisitionType": "product:acquisition_type",
    "sensorMode": "eopf:instrument_mode",
    "orbitDirection": "sat:orbit_state",
}


@pytest.fixture(scope="module")
def lines():
    return [
        json.loads(line)
        for path in sorted((FOLDER / "items").glob("*/*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def test_the_rule_loses_nothing(lines):
    for number, line in enumerate(lines):
        item = expand(line)
        assert compact(item, line["style"], line["origin"]) == line
        if number % 20:
            continue
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


def test_the_script_writes_exactly_these_files(tmp_path, recordings):
    assert build.write(tmp_path) == len(recordings.items)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.glob("*/*")}
    kept = FOLDER / "items"
    assert made == {path.relative_to(kept): path.read_bytes() for path in kept.glob("*/*")}
    assert sum(map(len, made.values())) < 3_000_000


def test_items_are_stac_and_follow_from_their_ids(recordings):
    assert len(recordings.by_address) == len(recordings.items) >= 1500
    for item in recordings.items:
        name, properties = parse_granule_id(item["id"]), item["properties"]
        kind = PRODUCTS[name.file_type].catalogue
        start, end = (
            datetime.fromisoformat(properties[f"{key}_datetime"]) for key in ("start", "end")
        )
        seconds = (end - start).total_seconds()
        if not name.orbit:
            assert end == name.created
        else:
            # the last ascending node before the frame
            node = datetime.fromisoformat(properties["sat:anx_datetime"])
            assert -0.5 < (start - node).total_seconds() < 5556
            assert 600 < seconds < 720 or (name.file_type == "CPR_APC_2A" and 5551 < seconds < 5555)
        assert start == name.start_time
        assert properties["published"] > properties["created"] < properties["updated"]
        for asset in item["assets"].values():
            assert folder(item["id"]) in asset["href"] or "/items/" in asset["href"]
        assert (item["geometry"] is None) == ("bbox" not in item) == (kind.drawn_as == "none")
        if item["geometry"] is None:
            continue
        west, south, east, north = item["bbox"]
        assert -180 <= west < east <= 180 and -90 <= south < north <= 90
        points = item["geometry"]["coordinates"]
        assert item["geometry"]["type"] == ("Polygon" if kind.drawn_as == "swath" else "LineString")
        if kind.drawn_as == "swath":
            points = points[0]
            assert len(points) == 23 and points[0] == points[-1]
        jumps = any(abs(a[0] - b[0]) > 180 for a, b in pairwise(points))
        assert jumps == ((west, east) == (-180, 180))
    for item in recordings.items[::50]:
        parsed = pystac.Item.from_dict(item)
        assert parsed.to_dict(transform_hrefs=False)["assets"].keys() == item["assets"].keys()


def test_the_queryables_list_the_values_that_items_have(recordings):
    for item in recordings.items:
        for queryable, schema in recordings.queryables[item["collection"]].items():
            value = item["properties"].get(LISTED.get(queryable, ""))
            if value is None or "enum" not in schema:
                continue
            first = value if isinstance(value, str) else next(iter(value))
            listed = [one.casefold() for one in schema["enum"]]
            assert first.casefold() in listed, (item["id"], item["collection"], queryable)


def test_every_type_of_the_census_is_there_in_its_collection_at_its_time(recordings):
    items = recordings.items
    found = {(item["collection"], item["properties"]["product:type"]) for item in items}
    assert found == {(c, file_type) for c, types in plan.census().items() for file_type in types}
    for item in items:
        name = parse_granule_id(item["id"])
        counted = plan.census()[item["collection"]][name.file_type]
        first, last, *_ = counted[name.baseline]
        if first and name.orbit != 7929:  # written before the census was known
            assert first <= f"{name.orbit:05d}{name.frame}" <= last, item["id"]


def test_the_track_model_agrees_with_the_observed_items(lines):
    """The numbers that README.md states."""
    measured = 0
    for line in lines:
        if not line["origin"].startswith("observed: public notebook"):
            continue
        item, name = expand(line), parse_granule_id(line["id"])
        _, bbox = footprint(name.orbit, name.frame, swath=True)
        assert max(abs(a - b) for a, b in zip(bbox, item["bbox"], strict=True)) < 0.2
        start = frame_time(name.orbit, name.frame)[0]
        assert abs((start - name.start_time).total_seconds()) < 2
        measured += 1
    assert measured == 5


def test_the_track_model_agrees_with_the_census():
    """And these: the starts of the first and last items of baselines, 11 March to 24 June 2025."""
    late = {}
    for types in plan.census().values():
        for file_type, baselines in types.items():
            for first, last, _, *starts in baselines.values():
                for frame, start in zip((first, last), starts, strict=True):
                    if file_type != "CPR_APC_2A" and "04458A" <= (frame or "") <= "06089B":
                        model = frame_time(int(frame[:5]), frame[5])[0]
                        late[frame] = (model - datetime.fromisoformat(start)).total_seconds()
    assert len(late) == 19
    assert -9 < min(late.values()) < max(late.values()) < 14


def test_the_orbits_of_the_lessons_are_complete(recordings):
    """Every Level 2 type that ESA and JAXA had then, for all eight frames."""
    frames = {}
    for item in recordings.items:
        if "Validated" in item["collection"]:
            key = item["collection"], item["properties"]["product:type"], item["id"][-6:-1]
            frames.setdefault(key, set()).add(item["id"][-1])
    for orbit, esa, jaxa in (("04537", 26, 2), ("08738", 24, 7)):
        for collection, number in (("EarthCAREL2", esa), ("JAXAL2", jaxa)):
            complete = [
                key
                for key, letters in frames.items()
                if key[0].startswith(collection) and key[2] == orbit and len(letters) == 8
            ]
            assert len(complete) == number, (orbit, collection)


def test_every_kind_of_item_that_lessons_and_tests_need(recordings):
    items = [item for item in recordings.items if item["collection"] == "EarthCAREL2Validated_MAAP"]
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
