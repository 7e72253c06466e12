"""The cloud radar sees what 94 GHz shows, and JAXA's files have JAXA's layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from earthcare_products.conventions import BYTE_FILL
from earthcare_products.granule_ids import parse_granule_id
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar import detection as radar_detection
from earthcare_synthetic.instruments.radar import echo as radar_echo
from earthcare_synthetic.instruments.radar.classes import Target
from earthcare_synthetic.instruments.radar.detection import Status
from earthcare_synthetic.instruments.radar.doppler import folded, mean_velocity
from earthcare_synthetic.instruments.radar.view import Radar, look
from earthcare_synthetic.products import cpr_clp_2a
from earthcare_synthetic.products.on_radar_grid import RadarGrid
from earthcare_synthetic.products.writing import Group, write
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.grid import HEIGHTS

FMR = "ECA_EXBA_CPR_FMR_2A_20250316T133058Z_20250912T203628Z_04537E"
CLP = "ECA_JXBB_CPR_CLP_2A_20250316T133058Z_20250317T034233Z_04537E"
LATER = "ECA_EXBC_CPR_FMR_2A_20251211T131056Z_20251211T163514Z_08738E"
SNOW = (Target.SNOW, Target.RIMED_SNOW)
RAIN = (Target.WARM_RAIN, Target.COLD_RAIN)


@pytest.fixture(scope="module")
def frame(scenes: Path) -> Frame:
    return Frame(parse_granule_id(FMR), scenes)


@pytest.fixture(scope="module")
def curtain(frame: Frame) -> Curtain:
    return frame.curtain


@pytest.fixture(scope="module")
def radar(frame: Frame) -> Radar:
    return frame.radar


def test_reflectivity_follows_from_content() -> None:
    content = np.array([0.001, 0.01, 0.1], np.float32)
    z = radar_echo.ice_reflectivity(content)
    assert np.allclose(0.137 * z**0.64, content, rtol=0.02)
    # Flakes as large as the wave: ten times the snow is far from ten times the echo.
    heavy = radar_detection.decibel(radar_echo.ice_reflectivity(np.array([3.0, 30.0])))
    assert heavy[1] - heavy[0] < 3
    assert radar_detection.decibel(radar_echo.rain_reflectivity(np.array([25.0]))) < 25
    # A cloud of small droplets is at the edge of what the radar finds.
    cloud = radar_echo.cloud_reflectivity(
        np.array([0.2], np.float32), np.array([10e-6], np.float32)
    )
    assert -25 < radar_detection.decibel(cloud) < -20


def test_longer_rain_weakens_the_echo_more(frame: Frame, curtain: Curtain, radar: Radar) -> None:
    more = look(frame.product, replace(curtain, rain_flux=2 * np.asarray(curtain.rain_flux)))
    raining = np.asarray(curtain.rain_flux).max(axis=1) > 1 / 3600
    assert raining.any()
    assert (more.water_attenuation[raining, -1] > radar.water_attenuation[raining, -1]).all()
    assert (np.diff(radar.water_attenuation, axis=1) >= -1e-4).all()
    path, rain = radar.water_attenuation[:, -1], np.asarray(curtain.rain_flux).sum(axis=1)
    assert np.corrcoef(path, rain)[0, 1] > 0.8
    # The ground shines through light rain only.
    ground = radar.reflectivity[np.arange(len(path)), radar.surface]
    assert np.median(ground[path < 1]) - np.median(ground[path > 20]) > 15


def test_nothing_below_the_floor_is_found(curtain: Curtain, radar: Radar) -> None:
    assert radar.reflectivity[radar.target].min() > radar_detection.FLOOR
    assert np.isfinite(radar.true_reflectivity[radar.target]).all()
    faint = np.nan_to_num(radar.true_reflectivity, nan=-99) < radar_detection.FLOOR
    assert not (faint & radar.target).any()
    # Cirrus that the lidar sees and the radar does not.
    assert (faint & (np.asarray(curtain.ice_water_content) > 0)).mean() > 0.001


def test_ground_and_clutter_lie_at_the_ground(curtain: Curtain, radar: Radar) -> None:
    height = HEIGHTS - curtain.elevation[:, None]
    clutter = np.isin(radar.detection_status, (Status.CLUTTER, Status.CLUTTER_OVERLAPS))
    land = np.broadcast_to(curtain.land[:, None], height.shape)
    assert height[clutter & ~land].max() <= 500
    assert 600 <= height[clutter & land].max() <= 800
    assert (height[radar.detection_status == Status.GROUND] <= 50).all()
    ground = radar.reflectivity[np.arange(len(height)), radar.surface]
    clear = radar.water_attenuation[:, -1] < 0.5
    assert (ground[clear] > 12).all()
    assert (ground[clear] < 45).all()
    assert np.median(ground[clear & ~curtain.land]) > np.median(ground[clear & curtain.land])


def test_classes_agree_with_what_is_there(curtain: Curtain, radar: Radar) -> None:
    kind = radar.hydrometeor_classification
    ice, rain = np.asarray(curtain.ice_water_content), np.asarray(curtain.rain_flux)
    assert (ice[np.isin(kind, (*SNOW, Target.ICE))] > 0).all()
    assert (rain[np.isin(kind, RAIN)] > 0).all()
    assert (np.asarray(curtain.temperature)[np.isin(kind, RAIN)] > 273).all()
    assert np.asarray(curtain.melting)[kind == Target.MELTING_SNOW].all()
    named = (kind >= Target.LIQUID_CLOUD) & (kind <= Target.STRATOSPHERIC)
    assert not (named & ~radar.target).any()
    assert (kind[radar.detection_status == Status.GROUND] == Target.GROUND).all()
    for classes in (
        radar.doppler_velocity_classification,
        radar.simplified_convective_classification,
    ):
        assert ((classes == Target.CLEAR) == (kind == Target.CLEAR)).all()


def test_rain_falls_faster_than_snow(radar: Radar) -> None:
    kind = radar.hydrometeor_classification
    snow, rain = (radar.fall_speed[np.isin(kind, kinds)] for kinds in (SNOW, RAIN))
    assert 0.3 < np.median(snow) < 2.5
    assert 2.5 < np.median(rain) < 8
    assert np.percentile(rain, 10) > np.median(snow)


def test_folds_do_not_change_a_mean() -> None:
    nyquist = np.full(9, 5.0, np.float32)
    true = np.linspace(4.5, 5.5, 27, dtype=np.float32).reshape(9, 3)
    seen = folded(true, nyquist)
    assert seen.min() < -4
    mean = mean_velocity(seen, nyquist)[3:-3, 1]
    assert np.allclose(folded(mean[:, None], nyquist[3:-3])[:, 0], seen[3:-3, 1], atol=0.05)


def test_window_is_lower_since_summer_2025(curtain: Curtain) -> None:
    before, after = (look(parse_granule_id(name), curtain) for name in (FMR, LATER))
    tops = [HEIGHTS[(r.detection_status >= 0).any(axis=0)].max() for r in (before, after)]
    assert tops == [20_200, 18_000]


def test_bins_of_the_radar(frame: Frame, radar: Radar) -> None:
    grid = RadarGrid(frame)
    height = grid.height
    assert height.shape == (grid.sizes["along_track"], 218)
    assert np.isnan(height[:, -2:]).all()
    assert 20_178 <= height[:, 0].min() < height[:, 0].max() <= 20_242
    assert (np.abs(np.diff(height[:, 0])) <= 4.01).all()
    fields = dict(grid.geolocation())
    sea = fields["land_flag"] == 0
    assert set(fields["surface_bin_number"][sea]) <= {202, 203}
    # A field keeps its height, within half a bin; codes are fill in the empty bins only.
    moved = grid.on_bins(np.broadcast_to(HEIGHTS, radar.reflectivity.shape).copy())
    inside = np.isfinite(moved)
    assert np.abs(moved - height)[inside].max() <= 50.5
    codes = grid.on_bins(radar.detection_status, Status.GROUND)
    assert (codes[:, -2:] == BYTE_FILL).all()
    assert (codes[:, 210:-2] == Status.GROUND).all()


def test_jaxa_numbers_of_dimensions(frame: Frame, tmp_path: Path) -> None:
    """Readers have the numbers in their code, so the header must use up three of them."""
    product = parse_granule_id(CLP)

    def contents(_: object, __: object) -> list[Group]:  # the real file with nothing computed
        groups = cpr_clp_2a.contents(product, frame)
        return [group._replace(fields=()) for group in groups]

    write(product, tmp_path, frame, contents)
    path = tmp_path / f"{CLP}.h5"
    with netCDF4.Dataset(path) as file:
        header = file["HeaderData/VariableProductHeader/MainProductHeader"]
        assert header["orbitNumber"].shape == (1,)
        assert file["ScienceData/Data/cloud_ice_content_10km"].dimensions == (
            "phony_dim_3",
            "phony_dim_4",
        )
        assert file["ScienceData/Geo/height"].dimensions == ("phony_dim_6", "phony_dim_7")
    for group, numbers in (("Data", {3, 4, 5}), ("Geo", {6, 7})):
        for how in ({"engine": "netcdf4"}, {"engine": "h5netcdf", "phony_dims": "sort"}):
            with xr.open_dataset(path, group=f"ScienceData/{group}", **how) as data:  # type: ignore[arg-type]
                assert set(data.sizes) == {f"phony_dim_{number}" for number in numbers}
