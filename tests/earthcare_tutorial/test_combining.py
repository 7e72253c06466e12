"""The products of one frame: found, missed in a sentence, and put on one axis."""

import warnings

import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import align, companions, open_granule, search
from maap_replay.items import make_item
from tests import granule_cache

MISSING = r"^Not found for 04537E: "


@pytest.fixture
def granule(esa_maap):
    (found,) = search("M-COP", orbit_and_frame="04537E", baseline="BA")
    return found


def test_both_agencies_in_the_order_asked_for(granule):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = companions(granule, ["C-CLP", "A-EBD", "C-FMR"])
    assert list(found) == ["CPR_CLP_2A", "ATL_EBD_2A", "CPR_FMR_2A"]
    assert {item.id[-6:] for item in found.values()} == {"04537E"}
    assert found["CPR_CLP_2A"].id.startswith("ECA_J")


def test_weather_that_no_orbit_number_finds_is_a_companion_too(granule):
    found = companions(granule, ["X-MET", "C-FMR"])
    assert [item.id[-6:] for item in found.values()] == ["04537E", "04537E"]
    assert list(found) == ["AUX_MET_1D", "CPR_FMR_2A"]


def test_of_several_baselines_the_latest_unless_one_is_asked_for(granule):
    versions = {
        asked: companions(granule, "C-FMR", baseline=asked)["CPR_FMR_2A"].id[6:8]
        for asked in ("latest", "AC", "BA")
    }
    assert versions == {"latest": "BA", "AC": "AC", "BA": "BA"}


def test_a_missing_one_costs_no_other_and_is_told(granule):
    with pytest.warns(UserWarning, match=MISSING + r"ATL_EBD_2A: only in baseline BA\.$") as told:
        assert list(companions(granule, ["A-EBD", "C-FMR"], baseline="AC")) == ["CPR_FMR_2A"]
    assert told[0].filename == __file__


def test_one_that_is_only_in_a_closed_collection_is_told(esa_maap, granule):
    closed = "EarthCAREL2InstChecked_MAAP"
    name = granule.id.replace("MSI_COP_2A", "ATL_ICE_2A")
    esa_maap.serve([make_item(name, collection=closed)])
    sentence = rf"CPR_FMR_2A: there is no such granule; ATL_ICE_2A: only in {closed}, which needs"
    with pytest.warns(UserWarning, match=sentence):
        assert companions(granule, ["C-FMR", "A-ICE"]) == {}


def test_what_belongs_to_no_frame_has_no_companions(item):
    odd = item()
    odd.id = "ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001"
    with pytest.raises(ValueError, match="belongs to no frame"):
        companions(odd, "A-EBD")


def track(first, last, step, **values):
    """Make a line of profiles northward along 10°E, each with its own latitude as a value."""
    latitude = np.arange(first, last, step)
    lines = {name: ("n", np.broadcast_to(value, latitude.shape)) for name, value in values.items()}
    place = {"latitude": ("n", latitude), "longitude": ("n", np.full(latitude.size, 10.0))}
    return xr.Dataset({**place, "here": ("n", latitude), **lines})


def test_the_nearest_profile_is_taken_and_the_margins_are_cut():
    coarse, fine = align([track(0, 1, 0.01), track(0.2, 2, 0.004)])
    assert coarse.sizes == fine.sizes == {"along_track": 80}
    np.testing.assert_allclose(fine["here"], coarse["latitude"], atol=0.0021)
    np.testing.assert_array_equal(fine["along_track"], coarse["along_track"])
    assert coarse["along_track"].attrs["units"] == "km"
    assert float(coarse["along_track"][-1]) == pytest.approx(79 * 1.112, rel=1e-3)


def test_of_a_swath_the_line_is_taken_and_the_nadir_is_named():
    lines, columns = np.arange(0, 1, 0.005), 10 + 0.01 * (np.arange(40) - 12)
    latitude, longitude = np.meshgrid(lines, columns, indexing="ij")
    latitude[:, :2] = np.nan  # the outer columns have no place
    both = ("along", "across")
    swath = xr.Dataset({"latitude": (both, latitude), "longitude": (both, longitude)})
    line, cut = align([track(0, 1, 0.01), swath])
    assert cut["latitude"].dims == ("along_track", "across")
    assert int(cut["nadir_column"]) == 12
    np.testing.assert_allclose(cut["latitude"][:, 12], line["latitude"], atol=1e-9)


def test_a_gap_in_one_is_cut_from_all():
    gap = track(0, 1, 0.01).drop_isel(n=range(40, 60))
    one, other = align([track(0, 1, 0.01), gap])
    assert one.sizes["along_track"] == 80
    np.testing.assert_array_equal(one["here"], other["here"])


@pytest.mark.parametrize(
    ("datasets", "sentence"),
    [
        ([track(0, 1, 0.1), track(50, 51, 0.1)], "do not overlap: none is within 1 km in all"),
        ([track(0, 1, 0.1), xr.Dataset({"a": 1})], "Dataset 1 has no place"),
        ([track(0, 1, 0.1).expand_dims(x=3)], "first dataset is a swath"),
    ],
)
def test_what_cannot_be_aligned_is_explained(datasets, sentence):
    with pytest.raises(ValueError, match=sentence):
        align(datasets)


def test_products_of_the_replay_meet_to_a_kilometre_and_some_milliseconds(
    esa_maap, granule, monkeypatch
):
    monkeypatch.setenv("MAAP_REPLAY_CACHE", str(granule_cache.folder()))
    esa_maap.accept(access_token="good")
    places = ["time", "latitude", "longitude"]
    datasets = [
        open_granule(item, "good", places)
        for item in companions(granule, ["A-EBD", "C-FMR", "M-COP"]).values()
    ]
    lidar, radar, imager = align(datasets)
    assert lidar.sizes["along_track"] == radar.sizes["along_track"] > 4800
    column = int(imager["nadir_column"])
    for other in (radar, imager.isel(across_track=column)):
        assert float(abs(other["latitude"] - lidar["latitude"]).max()) < 0.01
        apart = abs(other["time"].values - lidar["time"].values).max()
        assert apart < np.timedelta64(200, "ms")
