"""Quality, frame, units and heights: by the product, and only for what each flag judges."""

import numpy as np
import pytest
import xarray as xr

from earthcare_products.conventions import FRAME_LIMITS
from earthcare_products.quality import flags
from earthcare_tutorial import (
    above_sea_level,
    mask_quality,
    to_display_units,
    trim_to_frame,
)

ID = "ECA_EXBA_{}_20250316T133058Z_20250912T203345Z_04537{}"


def granule(file_type="MSI_COP_2A", frame="E", **variables):
    ds = xr.Dataset({name: (("along_track",), np.asarray(v)) for name, v in variables.items()})
    ds.attrs["granule_id"] = ID.format(file_type, frame)
    return ds


def test_bad_values_go_and_are_counted():
    ds = granule(
        cloud_top_height=[1.0, 2.0, 3.0, np.nan, 5.0],
        quality_status=np.array([0, 2, 3, 4, 4], "i1"),
        surface_elevation=[1.0, 2.0, 3.0, 4.0, 5.0],
    )
    clean = mask_quality(ds)
    np.testing.assert_array_equal(clean["cloud_top_height"], [1, 2, np.nan, np.nan, np.nan])
    about = clean["cloud_top_height"].attrs
    assert about["quality_kept"] == "quality_status 0, 1, 2"
    assert about["left_out"] == (
        "50.0% of the retrieved values left out: quality_status 3 (bad), 4 (no retrieval)"
    ), "of the four values, two; where there was none, none was left out"
    assert clean["surface_elevation"].identical(ds["surface_elevation"])
    assert clean["quality_status"].identical(ds["quality_status"])
    assert ds["cloud_top_height"].notnull().sum() == 4, "the original is untouched"
    assert mask_quality(clean).identical(clean)


def test_the_same_number_means_something_else_in_another_product():
    values, status = np.ones(5), np.arange(5, dtype="i1")
    kept = {}
    for kind, name in (
        ("MSI_COP_2A", "cloud_water_path"),
        ("ATL_EBD_2A", "lidar_ratio_355nm"),
        ("BM__RAD_2B", "thermal_radiance"),
    ):
        flag = next(flag for flag in flags(kind) if name in flag.judges)
        clean = mask_quality(granule(kind, **{name: values, flag.name: status}))
        kept[kind] = int(clean[name].notnull().sum())
    assert kept == {"MSI_COP_2A": 3, "ATL_EBD_2A": 2, "BM__RAD_2B": 2}


def test_what_stands_for_no_retrieval_is_not_counted_as_left_out():
    ice = granule(
        "ATL_ICE_2A", ice_water_content=[0.0, 0.0, 1e-5, 2e-5], quality_status=[3, 0, 0, 3]
    )
    clean = mask_quality(ice)["ice_water_content"]
    assert clean.attrs["left_out"].startswith("50.0%"), "one of the two that were retrieved"
    types = granule(
        "MSI_CM__2A",
        cloud_type=np.array([-127, -127, 3], "i1"),
        cloud_type_quality_status=[0, 8, 8],
    )
    assert mask_quality(types)["cloud_type"].attrs["left_out"].startswith("0.0%")


def test_keep_is_a_choice_for_all_flags_or_for_one():
    ds = granule(cloud_top_height=[1.0, 2.0, 3.0], quality_status=[0, 1, 3])
    assert mask_quality(ds, keep=[0])["cloud_top_height"].notnull().sum() == 1
    assert mask_quality(ds, keep=np.array([0, 3]))["cloud_top_height"].notnull().sum() == 2
    by_name = {"quality_status": range(4)}
    assert mask_quality(ds, keep=by_name)["cloud_top_height"].notnull().sum() == 3
    with pytest.raises(
        ValueError, match=r"keep=1 is no list of values to keep; quality_status has"
    ):
        mask_quality(ds, keep=1)
    with pytest.raises(ValueError, match=r"no value 7, but 0 \(valid, quality good\), 1"):
        mask_quality(ds, keep=[0, 7])
    with pytest.raises(ValueError, match=r"MSI_COP_2A has no flag 'quality', but quality_status"):
        mask_quality(ds, keep={"quality": [0]})


def test_what_cannot_be_judged_is_explained():
    ds = granule(cloud_top_height=[1.0])
    with pytest.raises(ValueError, match=r"judged by quality_status, which is not in the dataset"):
        mask_quality(ds)
    ds.attrs.clear()
    with pytest.raises(ValueError, match=r"does not say of which product it is.*item\.id"):
        mask_quality(ds)
    with pytest.raises(ValueError, match="does not say its frame"):
        trim_to_frame(ds)


@pytest.mark.parametrize("frame", FRAME_LIMITS)
def test_a_file_is_trimmed_to_its_frame_and_each_line_is_in_one(frame):
    phase = np.radians(np.arange(0, 360, 0.05))
    orbit = np.degrees(np.arcsin(np.sin(np.radians(97.05)) * np.sin(phase)))
    rising = np.cos(phase) * np.sin(np.radians(97.05)) > 0
    north, south = orbit >= 67.5, orbit < -67.5
    low, high = sorted(FRAME_LIMITS[frame])
    mine = {"C": north, "G": south}.get(
        frame, (orbit >= low) & (orbit < high) & (rising == (frame in "ABH"))
    )
    middle = int(np.angle(np.exp(1j * phase[mine]).mean()) / np.radians(0.05)) % len(phase)
    around = np.arange(middle - len(phase) // 2, middle + len(phase) // 2) % len(phase)
    ends = np.flatnonzero(mine[around])
    file = around[ends[0] - 34 : ends[-1] + 35]  # 1.7 degrees more on both sides
    trimmed = trim_to_frame(granule("ATL_EBD_2A", frame, latitude=orbit[file], line=file))
    assert sorted(trimmed["line"].values) == np.flatnonzero(mine).tolist()


def test_the_track_decides_where_a_swath_is_cut():
    along, across = np.meshgrid(np.arange(-200, 200), np.arange(384), indexing="ij")
    latitude = 22.5 - 0.01 * along + 0.001 * (across - 278)
    dims = ("along_track", "across_track")
    ds = xr.Dataset(
        {"latitude": (dims, latitude)}, attrs={"granule_id": ID.format("MSI_COP_2A", "E")}
    )
    trimmed = trim_to_frame(ds)["latitude"]
    assert trimmed.sizes["along_track"] == 199
    assert float(trimmed[0, 278]) == pytest.approx(22.49)
    with pytest.raises(ValueError, match="not known in 100 columns: trim to the frame before"):
        trim_to_frame(ds.isel(across_track=slice(100)))
    with pytest.raises(ValueError, match="no latitude: ask open_granule"):
        trim_to_frame(ds.drop_vars("latitude"))


def test_lines_without_a_latitude_stay_inside_the_frame():
    latitude = np.arange(24.0, -25.0, -0.5)
    latitude[40:43] = np.nan
    assert trim_to_frame(granule("ATL_EBD_2A", latitude=latitude)).sizes["along_track"] == 90


def test_heights_above_the_sea():
    ds = granule(
        cloud_top_height=np.array([1000.0], "f4"),
        surface_elevation=[28.0],
        cloud_top_height_error=[5.0],
        geoid_offset=[28.0],
    )
    sea = above_sea_level(ds)
    assert sea["cloud_top_height"].item() == 972.0
    assert sea["cloud_top_height"].dtype == "f4"
    assert sea["surface_elevation"].item() == 0.0
    assert sea["cloud_top_height_error"].item() == 5.0, "an error is no height"
    assert sea["geoid_offset"].item() == 28.0
    assert "mean sea level" in sea["cloud_top_height"].attrs["vertical_reference"]
    assert above_sea_level(sea).identical(sea), "not moved twice"
    ds["cloud_top_height"].attrs["units"] = "m"
    assert above_sea_level(to_display_units(ds))["cloud_top_height"].item() == pytest.approx(0.972)
    with pytest.raises(ValueError, match="no geoid_offset: ask open_granule"):
        above_sea_level(ds.drop_vars("geoid_offset"))


def test_units_for_people_change_with_their_names():
    ds = granule(cloud_water_path=np.array([0.25], "f4"), quality_status=np.array([3], "i1"))
    ds["cloud_water_path"].attrs["units"] = "kg m-2"
    shown = to_display_units(ds)
    assert shown["cloud_water_path"].item() == 250.0
    assert shown["cloud_water_path"].dtype == "f4"
    assert shown["cloud_water_path"].attrs["units"] == "g m-2"
    assert to_display_units(shown).identical(shown), "not scaled twice"
    assert shown["quality_status"].identical(ds["quality_status"])
