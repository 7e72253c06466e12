"""The products of a frame show one atmosphere: what one instrument sees, another one confirms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr

from earthcare_products import msi_grid

Products = dict[str, Path]
#: Classes of C-TC that are hydrometeors.
RADAR_TARGETS = tuple(range(2, 11))
#: Profiles before those of the radar in products on the grid of the lidar, and of ACM-CAP.
BEFORE_RADAR, BEFORE_CAP = 99 - 14, 99 - 9
#: Classes of A-TC, and what AC-TC calls them.
AEROSOLS = {10: 26, 11: 27, 12: 28, 13: 29, 14: 30, 15: 31}


def read(path: Path, *names: str, group: str = "ScienceData") -> xr.Dataset:
    """Some variables of a product."""
    with xr.open_dataset(path, group=group, engine="netcdf4") as data:
        return data[list(names)].load()


def at_heights(
    codes: npt.NDArray[np.float64], height: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Codes (profile, height) at the nearest of their heights, which descend."""
    out = np.empty((len(codes), len(wanted)))
    for row, (values, own) in enumerate(zip(codes, height, strict=True)):
        known = np.isfinite(own)
        edges = -(own[known][1:] + own[known][:-1]) / 2
        out[row] = values[known][np.searchsorted(edges, -wanted)]
    return out


def nearest_lines(time: xr.DataArray, wanted: xr.DataArray) -> npt.NDArray[np.intp]:
    """Lines of a swath at the times of profiles."""
    return np.searchsorted(time.values, wanted.values).clip(0, time.size - 1)


@pytest.fixture(scope="module")
def tops(products: Products) -> xr.Dataset:
    """Cloud top heights in km above the ellipsoid of each profile, as four products have them."""
    atlid = read(products["ATL_CTH_2A"], "time", "ATLID_cloud_top_height")
    lidar = read(products["AC__TC__2B"], "height", "ATLID_target_classification")
    codes, height = lidar.ATLID_target_classification, lidar.height.astype("f4")
    cloud = height.where(codes.isin((1, 2, 3)))
    msi = read(products["MSI_COP_2A"], "time", "cloud_top_height", "cloud_optical_thickness")
    lines = nearest_lines(msi.time, atlid.time)
    below = msi.isel(along_track=lines, across_track=msi_grid.NADIR_COLUMN)
    radar = read(products["CPR_TC__2A"], "height", "hydrometeor_classification")
    hit = radar.hydrometeor_classification.isin(RADAR_TARGETS)
    top = radar.height.where(hit).max("CPR_height").values
    of_radar = np.full(atlid.sizes["along_track"], np.nan)
    of_radar[BEFORE_RADAR : BEFORE_RADAR + top.size] = top
    am = read(
        products["AM__CTH_2B"], "cloud_top_height_MSI", "cloud_top_height_difference_ATLID_MSI"
    )
    nadir = am.isel(across_track=150)
    columns = {
        "atlid": atlid.ATLID_cloud_top_height,
        "msi": below.cloud_top_height,
        "radar": of_radar,
        "am": nadir.cloud_top_height_MSI,
        "am_difference": nadir.cloud_top_height_difference_ATLID_MSI,
    }
    data = {name: ("along_track", np.asarray(column) / 1000) for name, column in columns.items()}
    return xr.Dataset(data).assign(
        thickness=("along_track", below.cloud_optical_thickness.values),
        depth=cloud.max("JSG_height") / 1000 - cloud.min("JSG_height") / 1000,
        opaque=(codes == -1).any("JSG_height"),
    )


def test_imager_sees_a_little_into_the_cloud_whose_top_the_lidar_finds(tops: xr.Dataset) -> None:
    """In single opaque layers: not above it, and within some 1.5 km below."""
    alone = tops.opaque & (tops.depth < 1.5) & (tops.thickness > 3)
    lower = (tops.atlid - tops.msi).where(alone).dropna("along_track")
    assert lower.size > 100
    assert -0.1 < lower.median() < 0.8  # bins of 100 m
    assert ((lower > -0.5) & (lower < 1.5)).mean() > 0.9


def test_radar_finds_no_cloud_above_that_of_the_lidar(tops: xr.Dataset) -> None:
    lower = (tops.atlid - tops.radar).dropna("along_track")
    assert lower.size > 1000
    assert (lower > -0.35).mean() > 0.97  # it averages over 500 m
    assert abs(lower.median()) < 0.3


def test_tops_of_am_are_those_of_the_imager(tops: xr.Dataset) -> None:
    difference = (tops.am - tops.msi).dropna("along_track")
    assert abs(difference.median()) < 0.1
    assert (abs(difference) < 0.6).mean() > 0.9
    left = tops.am_difference - (tops.atlid - tops.am)
    assert abs(left).max() < 1e-3


@pytest.fixture(scope="module")
def targets(products: Products) -> xr.Dataset:
    """Everything in AC-TC."""
    with xr.open_dataset(products["AC__TC__2B"], group="ScienceData", engine="netcdf4") as data:
        return data.load()


@pytest.mark.parametrize("resolution", ["", "_medium_resolution", "_low_resolution"])
def test_merged_classes_follow_the_two_instruments(targets: xr.Dataset, resolution: str) -> None:
    """Each case as the definitions in the file have it, at each resolution of the lidar."""
    lidar = targets[f"ATLID_target_classification{resolution}"].values
    merged = targets[f"synergetic_target_classification{resolution}"].values
    quality = targets[f"quality{resolution}_status"].values
    seen_by = targets[f"CPR_ATLID{resolution}_status"].values
    radar = targets.CPR_target_classification.values
    cases = [
        ((lidar == 0) & (radar == 1), 1, 1, 1),  # clear
        ((lidar == -2) & (radar == 0), 0, 0, -3),  # ground
        ((lidar == -1) & (radar == 1), 7, 9, 3),  # liquid may hide behind what stops the lidar
        ((lidar == 3) & (radar == 9), 21, 2, 4),  # ice
        ((lidar == 3) & (radar == 1), 21, 3, 5),  # ice that is too thin for the radar
        ((lidar == -1) & (radar == 8), 13, 8, 6),  # snow that may hold liquid
        ((lidar == 1) & (radar == 1), 8, 3, 5),  # liquid
        *(((lidar == code) & (radar == 1), own, 4, 5) for code, own in AEROSOLS.items()),
    ]
    for where, target, confidence, status in cases:
        assert where.sum() > 10
        assert (merged[where] == target).all()
        assert (quality[where] == confidence).all()
        assert (seen_by[where] == status).all()


def test_merged_product_repeats_what_the_single_ones_say(
    products: Products, targets: xr.Dataset
) -> None:
    """At its own heights, which lie up to half a bin from theirs."""
    wanted = targets.height.values[0].astype(float)
    lidar = read(products["ATL_TC__2A"], "height", "classification")
    own = at_heights(lidar.classification.values, lidar.height.values, wanted)
    assert (own == targets.ATLID_target_classification.values).mean() > 0.97
    radar = read(products["CPR_TC__2A"], "height", "hydrometeor_classification")
    low = wanted < 17_500
    own = at_heights(radar.hydrometeor_classification.values, radar.height.values, wanted[low])
    same = targets.CPR_target_classification.values[BEFORE_RADAR : BEFORE_RADAR + len(own)][:, low]
    assert (own == same).mean() > 0.97


def test_lidar_has_values_where_its_classes_are(products: Products) -> None:
    classes = read(products["ATL_TC__2A"], "classification").classification.values
    seen = read(products["ATL_EBD_2A"], "particle_extinction_coefficient_355nm")
    found = seen.particle_extinction_coefficient_355nm.values > 0
    assert (found == (classes > 0)).mean() > 0.99


def test_ice_of_radar_and_of_all_instruments_agree(products: Products) -> None:
    """Where both have ice: the same content within a factor of two or so, over four decades."""
    best = read(products["ACM_CAP_2B"], "height", "ice_water_content")
    radar = read(products["CPR_CLD_2A"], "height", "water_content", "hydrometeor_classification")
    wanted = np.arange(6000.0, 15_000, 500)
    ours = at_heights(best.ice_water_content.values, best.height.values, wanted)
    content, kind = (
        at_heights(radar[name].values, radar.height.values, wanted)[BEFORE_CAP - BEFORE_RADAR :]
        for name in ("water_content", "hydrometeor_classification")
    )
    profiles = min(len(ours), len(content))
    ours, content, kind = ours[:profiles], content[:profiles], kind[:profiles]
    both = (ours > 0) & (content > 0) & np.isin(kind, (7, 8, 9))
    assert both.sum() > 1000
    logarithms = np.log(ours[both]), np.log(content[both])
    assert abs(np.median(logarithms[0] - logarithms[1])) < 0.35
    assert np.corrcoef(*logarithms)[0, 1] > 0.85


def test_cloud_mask_covers_what_is_retrieved(products: Products) -> None:
    mask = read(products["MSI_CM__2A"], "cloud_mask").cloud_mask.values
    retrieved = read(products["MSI_COP_2A"], "cloud_optical_thickness")
    found = np.isfinite(retrieved.cloud_optical_thickness.values)
    assert (mask[found] >= 2).mean() > 0.97


def test_fluxes_rise_and_fall_with_cloud(products: Products) -> None:
    """Over the sea: clouds reflect more sunlight, and high ones let less heat go."""
    flux = read(
        products["BMA_FLX_2B"],
        "cloud_cover",
        "ATLID_cloud_top_height",
        "solar_combined_top_of_atmosphere_flux",
        "thermal_combined_top_of_atmosphere_flux",
        "surface_classification",
        group="ScienceData/StandardResolution",
    )
    sea = flux.where(flux.surface_classification[:, 0] == 1, drop=True)
    solar = sea.solar_combined_top_of_atmosphere_flux
    thermal = sea.thermal_combined_top_of_atmosphere_flux
    clear, overcast = sea.cloud_cover < 5, sea.cloud_cover > 95
    high = overcast & (sea.ATLID_cloud_top_height > 10_000)
    assert solar.where(overcast).median() > 2 * solar.where(clear).median()
    assert thermal.where(clear).median() - thermal.where(high).median() > 30
    assert xr.corr(solar, sea.cloud_cover) > 0.6
    assert xr.corr(solar, thermal) < -0.4


def test_jaxa_and_esa_see_the_same_clouds(products: Products, targets: xr.Dataset) -> None:
    ours = read(
        products["AC__CLP_2B"], "cloud_particle_type_cpr_atlid_1km", group="ScienceData/Data"
    ).cloud_particle_type_cpr_atlid_1km.values
    low = targets.height.values[0] < 20_250
    theirs = targets.synergetic_target_classification.values
    theirs = theirs[BEFORE_RADAR : BEFORE_RADAR + len(ours)][:, low]
    assert np.isin(ours[theirs == 21], (3, 4)).all()
    assert (ours[theirs == 8] == 1).all()
    assert (ours[theirs == 1] == 0).all()
