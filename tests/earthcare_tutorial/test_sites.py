"""Passes over a site, and cuts around it: on the sphere, at its poles and where longitude jumps."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from earthcare_tutorial import cut_around, open_granule, overpasses, search
from tests import granule_cache

DAY = {"start_time": "2025-10-13", "end_time": "2025-10-13"}


@pytest.fixture
def sky(esa_maap, raw_item):
    """Put lines along the track into the catalogue, each 60 s long, from corner to corner."""

    def put(*tracks):
        items = []
        for n, (orbit, corners) in enumerate(tracks):
            longitude, latitude = zip(*corners, strict=True)
            wide = max(longitude) - min(longitude) > 180
            box = (-180, 180) if wide else (min(longitude), max(longitude))
            one = raw_item(
                f"20251013T1{n}0000",
                orbit,
                kind="ATL_EBD_2A",
                bbox=(box[0], min(latitude) - 10, box[1], max(latitude) + 10),
            )
            one["geometry"] = {"type": "LineString", "coordinates": corners}
            one["properties"]["end_datetime"] = f"2025-10-13T1{n}:01:00.000Z"
            items.append(one)
        esa_maap.serve(items)
        return items

    return put


def test_a_pass_has_distance_time_side_and_light(sky):
    sky(("07820E", [(11, 10), (11, -10)]), ("07821A", [(9, -10), (9, 10)]))
    table = overpasses(0, 10, 150, **DAY)
    assert list(table["orbit_and_frame"]) == ["07820E", "07821A"]
    np.testing.assert_allclose(table["distance_km"], 111.19, atol=0.5)
    middle = [dt.datetime(2025, 10, 13, 10 + n, 0, 30, tzinfo=dt.UTC) for n in (0, 1)]
    assert abs(table["time"] - pd.Series(middle)).max() < pd.Timedelta("0.1 s")
    # Southward along 11°E the site at 10°E is on the right; northward along 9°E as well.
    assert list(table["side"]) == ["right", "right"]
    assert list(table["light"]) == ["day", "day"]
    assert list(overpasses(0, 12, 150, **DAY)["side"]) == ["left"]


def test_a_pass_at_the_cut_of_two_frames_counts_once(sky, esa_maap):
    down, after = [(10, 23), (10, 0)], [(10, 40), (10, 22)]
    items = sky(("07820E", down), ("07820D", after))
    assert len(overpasses(22.4, 10.1, 200, **DAY)) == 2  # an hour apart: two passes
    for item in items:
        item["properties"] |= {
            "start_datetime": "2025-10-13T11:00:00.000Z",
            "end_datetime": "2025-10-13T11:01:00.000Z",
        }
    esa_maap.serve(items)
    (row,) = overpasses(22.4, 10.1, 200, **DAY).itertuples()
    assert row.distance_km == pytest.approx(10.3, abs=0.2)


@pytest.mark.parametrize("longitude", [180, -180, 179.9])
def test_a_site_where_longitude_jumps(sky, longitude):
    sky(("07820E", [(179, 10), (-179, -10)]))
    (row,) = overpasses(0, longitude, 50, **DAY).itertuples()
    assert row.distance_km < 15


@pytest.mark.parametrize("sign", [1, -1])
def test_a_site_near_a_pole(sky, sign):
    sky(("07820C", [(60, sign * 82), (120, sign * 82)]))  # the great circle bulges to 83.06°
    (row,) = overpasses(sign * 84, 90, 300, **DAY).itertuples()
    assert row.distance_km == pytest.approx(104.5, abs=1)


def test_the_nearest_is_named_where_nothing_passes(sky):
    sky(("07820E", [(11, 10), (11, -10)]))
    sentence = (
        r"^Nothing passes within 50 km of 0°N, 10°E in this time: 07820E comes nearest, 111 km"
    )
    with pytest.warns(UserWarning, match=sentence) as told:
        table = overpasses(0, 10, 50, **DAY)
    assert told[0].filename == __file__
    assert table.empty
    assert list(table.columns[:3]) == ["time", "distance_km", "side"]


def test_a_site_that_is_never_overflown(sky):
    sky(("07820E", [(11, 10), (11, -10)]))
    with pytest.warns(UserWarning, match="Nothing ever passes within 100 km of 89°S, 0°E: the tr"):
        assert overpasses(-89, 0, **DAY).empty


def test_a_time_without_granules_is_explained(sky):
    sky(("07820E", [(11, 10), (11, -10)]))
    with pytest.warns(UserWarning, match="No ATL_EBD_2A granule matches .* 1 does without time"):
        assert overpasses(0, 11, start_time="2025-01-01", end_time="2025-01-02").empty


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"latitude": float("nan")}, "A latitude lies between -90 and 90 degrees: not nan"),
        ({"longitude": 400}, "A longitude lies between"),
        ({"radius_km": 0}, "radius_km is above 0"),
        ({"product": "M-COP"}, "MSI_COP_2A has no line for its footprint"),
    ],
)
def test_a_place_without_sense_is_refused(asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        overpasses(**{"latitude": 0, "longitude": 0, **DAY} | asked)


def swath(west, north):
    latitude, longitude = np.meshgrid(north - 0.1 * np.arange(50), west + 0.1 * np.arange(30))
    both = ("across", "along")
    place = {"latitude": (both, latitude), "longitude": (both, (longitude + 180) % 360 - 180)}
    return xr.Dataset({**place, "value": (both, latitude), "time": ("along", np.arange(50))})


def test_a_cut_of_a_swath_over_the_antimeridian():
    cut = cut_around(swath(178.5, 2.5), 0, -179.9, 30)
    assert dict(cut.sizes) == {"across": 5, "along": 5}
    assert cut["distance_km"].attrs["units"] == "km"
    assert float(cut["distance_km"].min()) < 1
    inside = cut["value"].where(cut["distance_km"] <= 30)
    assert 0 < int(inside.notnull().sum()) < inside.size


def test_a_cut_at_a_pole_and_one_among_missing_places():
    ds = swath(0, 90)
    assert cut_around(ds, 90, 77, 12).sizes["across"] == 30
    ds["latitude"][:, :3] = np.nan
    assert cut_around(ds, 89.5, 1, 5).sizes["along"] == 1


@pytest.mark.parametrize(
    ("ds", "sentence"),
    [
        (swath(0, 2.5), r"No pixel of the dataset lies within 50 km of 40°N, 1°E: .* 4,1\d\d km"),
        (swath(np.nan, 2.5), "none has a place"),
        (xr.Dataset({"value": 1}), "The dataset has no place"),
    ],
)
def test_an_empty_cut_is_explained(ds, sentence):
    with pytest.raises(ValueError, match=sentence):
        cut_around(ds, 40, 1, 50)


def test_the_table_agrees_with_the_file(esa_maap, monkeypatch):
    monkeypatch.setenv("MAAP_REPLAY_CACHE", str(granule_cache.folder()))
    esa_maap.accept(access_token="good")
    (row,) = overpasses(-10, 4, 150, start_time="2025-03-16", end_time="2025-03-16").itertuples()
    (item,) = search(ids=row.id)
    ds = open_granule(item, "good", ["latitude", "longitude", "time"])
    cut = cut_around(ds, -10, 4, 150)
    nearest = cut.isel(along_track=int(np.argmin(cut["distance_km"].values)))
    assert row.distance_km == pytest.approx(float(nearest["distance_km"]), abs=2)
    seen = pd.Timestamp(nearest["time"].values, tz="UTC")
    assert abs(seen - row.time) < pd.Timedelta("1 s")
    assert (row.side, row.light) == ("left", "day")
