"""Files of a granule: by their ending, whatever the key says."""

import pytest

from earthcare_tutorial import (
    asset_table,
    h5_url,
    pick_assets,
    quicklook_url,
    show_gallery,
    show_quicklook,
)


def test_pick_assets(item):
    granule = item()
    files = pick_assets(granule)
    assert files["h5"].endswith(f"{granule.id}.h5")
    assert files["hdr"].endswith(f"{granule.id}.HDR")
    assert "/zipper/" in files["zip"]
    assert files["quicklook"] == files["thumbnail"]


@pytest.mark.parametrize(
    "keys", [("enclosure_1", "enclosure_2"), ("enclosure_hdr", "enclosure_h5")]
)
def test_swapped_keys_give_the_right_links(item, keys):
    links = ("http://x/v1.2/A.H5", "http://x/v1.2/A.hdr")
    assets = dict(zip(keys, ({"href": link} for link in links), strict=True))
    files = pick_assets(item(assets=assets))
    assert (files["h5"], files["hdr"]) == links
    assert files["quicklook"] is None


def test_kinds_of_files_by_ending_and_role(item):
    links = ["http://x/A.zip", "http://x/A.png", "http://x/B.jpg", "http://x/C.jpeg", "http://x/D"]
    roles = [["data"], ["thumbnail"], ["thumbnail", "overview"], [], []]
    assets = {
        str(n): {"href": link, "roles": role}
        for n, (link, role) in enumerate(zip(links, roles, strict=True))
    }
    files = pick_assets(item(assets=assets))
    assert (files["zip"], files["thumbnail"], files["quicklook"]) == tuple(links[:3])


def test_an_item_without_any_file(item):
    with pytest.raises(LookupError, match=r"has no \.h5 file, only no files\."):
        h5_url(item(assets={"a": {"href": "http://x/D"}}))


def test_item_without_h5(item):
    assets = {"a": {"href": "http://x/A.EOF"}, "b": {"href": "http://x/A.HDR"}}
    with pytest.raises(LookupError, match=r"has no \.h5 file, only \.EOF, \.HDR\."):
        h5_url(item(assets=assets))


def test_table_is_in_order_of_time_and_labels_are_positions(item):
    second = item("20251020T132215", "07929E", assets={"thumbnail": {"href": "http://x/t.jpeg"}})
    second.properties["updated"] = "2025-10-20T19:32:35.123Z"
    table = asset_table([second, item("20251013T131444", "07820E")])
    assert list(table.index) == [0, 1]
    assert list(table["orbit_and_frame"]) == ["07820E", "07929E"]
    assert str(table["start_time"].dt.tz) == "UTC"
    assert table["start_time"][0].isoformat() == "2025-10-13T13:14:44+00:00"
    assert table["updated"].notna().all()
    assert table["size_mb"][0] == pytest.approx(136.301685)
    assert table["h5_url"].isna().tolist() == [False, True]
    assert table["quicklook_url"][1] == "http://x/t.jpeg"


def test_table_of_nothing_has_the_columns():
    table = asset_table([])
    assert len(table) == 0
    assert {"start_time", "h5_url", "id"} <= set(table.columns)
    assert str(table["start_time"].dt.tz) == "UTC"


@pytest.mark.parametrize("use", [pick_assets, h5_url, quicklook_url, show_quicklook])
def test_an_id_in_place_of_a_granule_is_told_how_to_find_it(item, use):
    with pytest.raises(ValueError, match=r"^'ECA_.*07820E' is text, not a granule: search\(ids="):
        use(item().id)


@pytest.mark.parametrize("use", [asset_table, show_gallery])
def test_one_granule_is_a_list_of_one_and_an_id_is_none(item, use):
    assert len(use(item(assets={}))) == 1
    for wrong in (item().id, [item().id]):
        with pytest.raises(ValueError, match="is text, not a granule"):
            use(wrong)


def test_an_odd_item_costs_no_other_row(item):
    odd = item("20251020T132215", "07929E")
    odd.id = "no name of a granule"
    odd.properties |= {"start_datetime": "yesterday", "datetime": None, "version": None}
    odd.properties |= {"updated": "soon", "grid:code": 5}
    odd.assets["enclosure_h5"].extra_fields["file:size"] = "some"
    odd.assets["quicklook"].href = None
    table = asset_table([odd, item()])
    assert list(table["orbit_and_frame"]) == ["07820E", ""]
    assert table["size_mb"].isna().tolist() == [False, True]
    assert table["updated"].isna().tolist() == [False, True]
    assert table["start_time"].isna().tolist() == [False, True]
    assert table["h5_url"].notna().all()
    assert table["quicklook_url"].notna().all()
