"""How items are kept: one visible rule that loses nothing, and what public pages show."""

import hashlib
import json

import pytest

from maap_replay.archive.observed import observed, rows
from maap_replay.recordings import FOLDER
from maap_replay.recordings.lines import compact, expand
from maap_replay.recordings.patch import difference, merge

#: Of the item as a public notebook printed it in August 2025, with sorted keys.
DIGEST = "7cebc2fe6d1dbbbd25521c2067f4933fddcd8255e895194ccf763140136a9cf6"


def test_the_rule_loses_nothing():
    for item in map(dict, observed()):
        # an item with surprises of its own comes back, under the rule of any style
        item["properties"] = item["properties"] | {"surprise": {"deep": [1, {"a": 2}]}}
        del item["properties"]["platform"]
        item["assets"] = {k: v for k, v in item["assets"].items() if k != "metadata_iso_19139"}
        for style in ("2025-08", "2025-11", "2025-12"):
            line = compact(item, style, "test")
            assert expand(line) == item
            assert compact(expand(line), style, "test") == line


def test_the_item_that_is_public_in_full_comes_out_as_it_was_printed():
    item = next(item for item in observed() if item["id"].endswith("05378E"))
    text = json.dumps(item, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_what_pages_print_is_in_the_items():
    for row, item in zip(rows(), observed(), strict=True):
        assert item["id"] == row["id"]
        for name, value in row.get("properties", {}).items():
            assert item["properties"][name] == value, (row["id"], name)
        assert item.get("bbox") == row.get("bbox", item.get("bbox"))


def test_the_page_of_the_tutorial_lists_its_five_items_first():
    page = [item for item in observed() if "published" not in _shown(item)]
    page = [item for item in page if item["properties"]["published"] < "2025-09-16"]
    page.sort(key=lambda item: item["properties"]["published"])
    assert [item["id"][-6:] for item in page] == ["04366E", "04568E", "04537E", "04755E", "04879E"]


def _shown(item):
    return next(row for row in rows() if row["id"] == item["id"]).get("properties", {})


def test_what_a_line_cannot_hold_is_refused():
    item = dict(observed()[0])
    item["properties"] = item["properties"] | {"missing": None}
    with pytest.raises(ValueError, match="cannot be written"):
        compact(item, "2025-12", "test")


def test_merge_patches_follow_the_rfc():
    target = {"a": "b", "c": {"d": "e", "f": "g"}}
    assert merge(target, {"a": "z", "c": {"f": None}}) == {"a": "z", "c": {"d": "e"}}
    assert merge(target, ["x"]) == ["x"] and merge(["x"], {"a": 1, "b": None}) == {"a": 1}
    assert merge(target, difference(target, {"c": {"d": 1}, "n": 2})) == {"c": {"d": 1}, "n": 2}


def test_recordings_of_the_package_are_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.json")) < 100_000
