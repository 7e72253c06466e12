"""MSI and BBR see the clouds of the scene, each in its own way, and agree on them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from earthcare_products.granule_ids import parse_granule_id
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.cloud_mask import classify
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.instruments.imager.radiance import (
    BANDS,
    brightness_temperatures,
    reflectances,
)
from earthcare_synthetic.instruments.imager.two_stream import over_ground, sheet
from earthcare_synthetic.instruments.imager.viewing import in_glint, viewing
from earthcare_synthetic.products.on_lidar_grid import cloud_top
from earthcare_synthetic.scene.clouds import Scene, make_scene
from earthcare_synthetic.scene.surface import make_surface

COP, MASK, RADIANCE = (
    f"ECA_EXBA_{kind}_20250316T133058Z_20250912T2036{second}Z_04537E"
    for kind, second in (("MSI_COP_2A", 45), ("MSI_CM__2A", 42), ("MSI_RGR_1C", 39))
)
NIGHT = "ECA_EXBA_MSI_RGR_1C_20250316T124445Z_20250912T203707Z_04537A"


@pytest.fixture(scope="session")
def scene() -> Scene:
    return make_scene(parse_granule_id(RADIANCE), level=2)


def science(path: Path, group: str = "") -> xr.Dataset:
    return xr.open_dataset(path, group=f"ScienceData{group}")


def signals(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    surface, angles = make_surface(scene), viewing(scene.swath)
    clean = np.zeros(scene.swath.canvas.shape, np.float32)
    solar, _ = reflectances(scene, surface, angles, clean)
    return np.stack(solar), np.stack(brightness_temperatures(scene, surface, angles))


def test_a_sheet_reflects_as_two_streams_do() -> None:
    thickness = np.array([0, 0.14, 1.4, 14, 140], np.float32)  # optical thickness 0 to 1000
    sun = np.full(5, 0.8, np.float32)
    bright = sheet(thickness, np.zeros(5, np.float32), sun)
    # Figures of Meador and Weaver's Eddington solution without absorption.
    exact = (0.75 * thickness + (0.5 - 0.75 * 0.8) * (1 - np.exp(-thickness / 0.8))) / (
        1 + 0.75 * thickness
    )
    np.testing.assert_allclose(bright.reflectance[:4], exact[:4], atol=0.02)
    lost = 1 - bright.diffuse_reflectance - bright.diffuse_transmittance
    assert (np.abs(lost[:4]) < 0.03).all()  # no light is made or lost
    dark = sheet(thickness, np.full(5, 0.1, np.float32), sun)
    assert (dark.reflectance[1:] < bright.reflectance[1:]).all()
    ground = np.full(5, 0.3, np.float32)
    assert over_ground(bright, ground)[0] == pytest.approx(0.3, abs=1e-4)


def test_bands_tell_ice_from_water_and_cold_from_warm(scene: Scene) -> None:
    solar, thermal = signals(scene)
    visible, shortwave = solar[BANDS.index("VIS")], solar[BANDS.index("SWIR1")]
    tau = sum(x.optical_thickness for x in (scene.high, scene.middle, scene.low))
    clear = (tau == 0) & ~scene.swath.land & ~in_glint(viewing(scene.swath))
    ice, water = (
        scene.high.optical_thickness > 20,
        (scene.low.optical_thickness > 20) & (scene.high.optical_thickness == 0),
    )
    assert 0.01 < np.median(visible[clear]) < 0.06
    assert np.median(visible[ice]) > 0.6
    assert np.median(shortwave[ice]) < 0.7 * np.median(shortwave[water])
    window = thermal[1]
    air = scene.atmosphere.temperature(scene.high.top)
    assert np.abs(np.median((window - air)[ice])) < 8
    split = thermal[0] - window
    veil = (scene.high.optical_thickness > 0.6) & (tau < 2.5)
    assert -2.5 < np.median(split[clear]) < -0.5  # water vapour
    assert 1.5 < np.median(split[veil]) < 4.5  # small crystals
    assert 180 < window.min() < window.max() < 320


def test_night_has_no_sunlight() -> None:
    solar, thermal = signals(make_scene(parse_granule_id(NIGHT), level=3))
    assert np.isnan(solar).all()
    assert np.isfinite(thermal).all()


def test_mask_type_and_phase_follow_the_retrieval(scene: Scene) -> None:
    clouds = retrieve(parse_granule_id(COP), scene)
    found = classify(parse_granule_id(MASK), scene, retrieve(parse_granule_id(MASK), scene))
    retrieved = np.isfinite(clouds.optical_thickness) & np.isfinite(clouds.top_height)
    assert (found.mask[retrieved] >= 2).all()
    assert ((found.phase > 0) == (found.mask >= 2)).all()
    cirrus = retrieved & (found.type == 3)
    assert cirrus.any()
    assert clouds.optical_thickness[cirrus].max() <= 3.6
    assert clouds.top_height[cirrus].min() >= 6500
    thick = retrieved & (clouds.optical_thickness > 23) & (clouds.top_height > 6500)
    assert (found.type[thick] == 9).all()
    assert set(np.unique(found.type[found.mask < 2])) == {0}


def test_radiances_are_those_of_the_masked_clouds(products: dict[str, Path]) -> None:
    with science(products["MSI_RGR_1C"]) as radiance, science(products["MSI_CM__2A"]) as mask:
        lines = slice(5000, 9000)
        visible = radiance.pixel_values.isel(band=0, along_track=lines).values
        heat = radiance.pixel_values.isel(band=5, along_track=lines).values
        cloudy, kind = (
            mask[name].isel(along_track=lines).values for name in ("cloud_mask", "cloud_type")
        )
        assert np.isnan(visible[:, :12]).all()
        sea = mask.surface_classification.isel(along_track=lines).values == -32765
    assert 10 < np.median(visible[sea & (cloudy == 0)]) < 30
    assert 250 < np.median(visible[kind == 9]) < 450
    assert np.median(heat[kind == 9]) < 225 < 290 < np.median(heat[cloudy == 0])


def test_two_definitions_are_empty_as_in_real_files(products: dict[str, Path]) -> None:
    with h5py.File(products["MSI_RGR_1C"]) as file:
        for name in ("line_quality_status", "solar_spectral_irradiance"):
            definition = file[f"ScienceData/{name}"].attrs.get_id("definition")
            assert definition.get_space().get_simple_extent_type() == h5py.h5s.NULL


def test_aerosol_is_found_in_clear_sky_only(products: dict[str, Path]) -> None:
    with science(products["MSI_AOT_2A"]) as aerosol, science(products["MSI_CM__2A"]) as mask:
        depth, far_red = (
            aerosol[f"aerosol_optical_thickness_{band}nm"].values for band in (670, 865)
        )
        cloudy, land = mask.cloud_mask.values >= 2, mask.surface_classification.values & 4 > 0
        converged = aerosol.quality_mask.values & 1 << 6 > 0
    found = np.isfinite(depth)
    assert 0.1 < found.mean() < 0.4
    assert not (found & cloudy).any()
    assert not (np.isfinite(far_red) & land).any()
    assert (found[:, 12:369] == converged[:, 12:369]).all()
    assert 0.03 < np.nanmedian(depth) < 0.3


def test_cloud_tops_of_both_instruments_meet_at_nadir(
    products: dict[str, Path], scenes: Path
) -> None:
    frame = Frame(parse_granule_id(products["AM__CTH_2B"].stem), scenes)
    with science(products["AM__CTH_2B"]) as tops:
        assert tops.sizes["along_track"] == len(frame.curtain.elevation)
        nadir = tops.isel(across_track=150)
        np.testing.assert_allclose(nadir.latitude, frame.curtain.track.latitude)
        atlid = nadir.cloud_top_height_MSI + nadir.cloud_top_height_difference_ATLID_MSI
        alike = (nadir.quality_status == 0).values
        difference = nadir.cloud_top_height_difference_ATLID_MSI.values[alike]
        unknown = np.isnan(tops.cloud_top_height_difference_ATLID_MSI)
        assert (unknown == (tops.quality_status == 4)).all()
    both = np.isfinite(atlid.values)
    np.testing.assert_allclose(atlid.values[both], cloud_top(frame).height[both], atol=0.01)
    assert alike.sum() > 500
    assert abs(np.median(difference)) < 500


def test_fluxes_rise_and_fall_with_cloud(products: dict[str, Path]) -> None:
    with science(products["BMA_FLX_2B"], "/StandardResolution") as flux:
        assert abs(flux.sizes["along_track"] - 5047) <= 1  # observed in a longer orbit
        assert flux.cloud_cover.plot_range == "0.0 100.0"
        solar, thermal, cover, top, surface = (
            flux[name].values
            for name in (
                "solar_combined_top_of_atmosphere_flux",
                "thermal_combined_top_of_atmosphere_flux",
                "cloud_cover",
                "MSI_cloud_top_height_mean",
                "surface_classification",
            )
        )
    sea = (surface == 1).all(axis=1)
    clear, overcast, high = sea & (cover < 2), sea & (cover > 98), cover > 98
    high &= top > 9000
    assert 60 < np.median(solar[clear]) < 110
    assert 275 < np.median(thermal[clear]) < 305
    assert np.median(solar[overcast]) > 3 * np.median(solar[clear])
    assert np.median(thermal[high]) < 180
    cloudy = sea & ((top > 6000) | (cover < 10))
    assert np.corrcoef(solar[cloudy], thermal[cloudy])[0, 1] < -0.7
    with science(products["BMA_FLX_2B"], "/AssessmentResolution") as other:
        agree = other.thermal_combined_top_of_atmosphere_flux.values
    assert np.corrcoef(agree, thermal)[0, 1] > 0.95
