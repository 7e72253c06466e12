"""ATLID sees what is in the curtain, no more than light allows, and its products agree on it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from earthcare_synthetic.instruments.lidar.cloud_top import find_cloud_top
from earthcare_synthetic.instruments.lidar.optics import AEROSOLS
from earthcare_synthetic.instruments.lidar.view import LidarView, look, smoothed_profiles
from earthcare_synthetic.products.contents import CONTENTS
from earthcare_synthetic.products.on_lidar_grid import make_grid
from earthcare_synthetic.scene.atmosphere import Atmosphere
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.grid import HEIGHTS, Track

PROFILES, SEED = 1000, (4537, 69)
#: Stripes of a hundred profiles: seven kinds of aerosol under clear sky, clouds, clean air.
STRIPE = 100
CIRRUS, FOG, CLEAN = slice(700, 900), slice(800, 900), 950
TYPES = sorted(AEROSOLS)


@pytest.fixture(scope="module")
def curtain() -> Curtain:
    return make_curtain(zenith=30)


@pytest.fixture(scope="module")
def view(curtain: Curtain) -> LidarView:
    return look(curtain, SEED)


@pytest.fixture(scope="module")
def frame(curtain: Curtain, view: LidarView) -> Any:
    scene = SimpleNamespace(swath=SimpleNamespace(canvas=SimpleNamespace(seed=SEED)))
    return SimpleNamespace(scene=scene, curtain=curtain, lidar=view)


def make_curtain(zenith: float) -> Curtain:
    """Aerosol up to 3 km (sulphate at 20 km), cirrus at 9 to 11 km, opaque cloud at 2.2 km."""
    shape = (PROFILES, len(HEIGHTS))
    air = Atmosphere(
        np.full((PROFILES, 1), 295.0),
        np.full((PROFILES, 1), 15_000.0),
        np.full((PROFILES, 1), 215.0),
    )
    fields: dict[str, npt.NDArray[Any]] = {
        name: np.zeros(shape, np.float32)
        for name in (
            "ice_water_content", "ice_effective_radius", "liquid_water_content",
            "liquid_effective_radius", "snow_flux", "rain_flux", "air_velocity",
            "relative_humidity", "aerosol_extinction",
        )
    }  # fmt: skip
    fields["aerosol_type"] = np.zeros(shape, np.int8)
    for i, kind in enumerate(TYPES):
        low = (HEIGHTS > 0) & (HEIGHTS < 3000) if kind < 20 else np.abs(HEIGHTS - 20_000) < 1500
        where = np.ix_(range(i * STRIPE, (i + 1) * STRIPE), np.flatnonzero(low))
        fields["aerosol_type"][where] = kind
        fields["aerosol_extinction"][where] = 2e-4
    cirrus = np.ix_(range(PROFILES)[CIRRUS], np.flatnonzero(np.abs(HEIGHTS - 10_000) < 1000))
    fields["ice_water_content"][cirrus] = 4e-6  # optical depth of about 0.3
    fields["ice_effective_radius"][cirrus] = 50e-6
    fog = np.ix_(range(PROFILES)[FOG], np.flatnonzero(np.abs(HEIGHTS - 2050) < 200))
    fields["liquid_water_content"][fog] = 3e-4
    fields["liquid_effective_radius"][fog] = 10e-6
    along = np.arange(PROFILES, dtype=float)
    flat = np.zeros(PROFILES, np.float32)
    return Curtain(
        track=Track(along, along / 100, along / 100, along),
        geoid=flat,
        elevation=flat,
        land=flat > 0,
        solar_zenith=flat + zenith,
        tropopause=flat + 15_000,
        surface_temperature=flat + 295,
        high_optical_thickness=flat,
        middle_optical_thickness=flat,
        low_optical_thickness=flat,
        temperature=air.temperature(HEIGHTS),
        pressure=air.pressure(HEIGHTS),
        melting=np.zeros(shape, bool),
        **fields,
    )


def at(height: float) -> int:
    return int(np.abs(HEIGHTS - height).argmin())


@pytest.mark.parametrize("kind", TYPES)
def test_aerosol_is_that_of_the_table(view: LidarView, kind: int) -> None:
    low, high, dry, wet = AEROSOLS[kind]
    there = view.optics.kind == kind
    ratio = (view.optics.extinction / np.maximum(view.optics.backscatter, 1e-12))[there]
    depolarisation = view.optics.depolarisation[there]
    assert ratio.min() >= 0.999 * low
    assert ratio.max() <= 1.001 * high
    assert depolarisation.min() >= 0.999 * dry
    assert depolarisation.max() <= 1.001 * wet
    # Away from the neighbours, which the running means mix in.
    middle = np.abs(np.arange(PROFILES) - STRIPE * (TYPES.index(kind) + 0.5))[:, None] < 25
    seen = there & middle & (view.features.simple > 0)
    profiles = smoothed_profiles(view, 41)
    assert profiles.lidar_ratio[seen].mean() == pytest.approx((low + high) / 2, rel=0.15)
    assert profiles.depolarisation[seen].mean() == pytest.approx((dry + wet) / 2, abs=0.03)
    assert (view.retrieved.classification_medium[seen] == kind).mean() > 0.75


def test_ice_has_the_statistics_of_real_ice(view: LidarView) -> None:
    """Lidar ratio 27.25 sr (14 to 62), depolarisation 0.373 (0.13 to 0.58); they rise together."""
    ice = view.retrieved.classification == 3
    ratio = view.retrieved.profiles.lidar_ratio[ice]
    depolarisation = view.retrieved.profiles.depolarisation[ice]
    assert ratio.mean() == pytest.approx(27.25, abs=2)
    assert ((ratio > 14) & (ratio < 62)).mean() > 0.97
    assert depolarisation.mean() == pytest.approx(0.373, abs=0.03)
    assert ((depolarisation > 0.13) & (depolarisation < 0.58)).mean() > 0.97
    assert np.corrcoef(ratio, depolarisation)[0, 1] > 0.1


def test_nothing_is_seen_below_an_opaque_cloud(view: LidarView) -> None:
    seen = ~view.features.missing
    fog = seen & np.isin(np.arange(PROFILES), range(PROFILES)[FOG])
    below = np.s_[fog, at(1400) : at(200)]
    assert (view.features.simple[below] == -1).all()
    assert (view.features.mie_status[below] == -1).all()
    assert (view.retrieved.classification[below] == -1).all()
    assert (view.retrieved.quality[below] == 3).all()
    assert np.isnan(view.retrieved.profiles.extinction[below]).all()
    # The top is seen, through the cirrus; multiple scattering depolarises deeper in the cloud.
    assert (view.features.simple[fog, at(2200)] == 1).mean() > 0.95
    depolarisation = view.optics.depolarisation[fog]
    assert (depolarisation[:, at(2000)] > depolarisation[:, at(2200)]).all()
    # Without the cloud, through the cirrus, there is light down to the sea.
    clear = np.s_[720:790, at(1400) : at(200)]
    assert (view.features.rayleigh_status[clear] >= 0)[seen[720:790]].all()


def test_codes_agree_with_each_other_and_with_the_fields(view: LidarView) -> None:
    features, retrieved = view.features, view.retrieved
    assert np.array_equal(features.mie_status == 1, features.simple > 0)
    assert np.array_equal(retrieved.classification > 0, features.simple > 0)
    assert np.array_equal(np.isfinite(retrieved.profiles.extinction), features.simple > 0)
    assert np.array_equal(retrieved.quality == 4, features.simple == -3)
    assert (features.simple[~features.missing][:, HEIGHTS < -60] == -2).all()
    assert (features.simple == -3).all(axis=1).sum() == features.missing.sum() > 0
    simple_of = {1: {1}, 2: {1}, 3: {2}, 22: {4}, 26: {5}}
    for code in np.unique(retrieved.classification[retrieved.classification > 0]).tolist():
        there = retrieved.classification == code
        assert set(features.simple[there].tolist()) == simple_of.get(code, {3})


def test_air_scatters_by_its_density(curtain: Curtain, view: LidarView) -> None:
    scattered = view.optics.molecular_backscatter
    assert scattered[0, at(0)] == pytest.approx(8e-6, rel=0.1)
    density = curtain.pressure / curtain.temperature
    assert np.ptp(scattered / density) < 1e-5 * (scattered / density).max()
    # The light goes through all of the air twice.
    clear = view.signals.rayleigh_expected[CLEAN, at(100)] / scattered[CLEAN, at(100)]
    assert clear == pytest.approx(np.exp(-2 * 0.59), rel=0.05)


@pytest.mark.parametrize("zenith", [30.0, 120.0])
def test_noise_is_as_told_and_not_cut_off(zenith: float) -> None:
    seen = look(make_curtain(zenith), SEED)
    clear = np.s_[0:600, at(9000) : at(4000)]
    noise = seen.signals.mie_noise[clear]
    assert np.std(seen.signals.mie[clear] / noise) == pytest.approx(1, abs=0.02)
    assert (seen.signals.mie[clear] < 0).mean() == pytest.approx(0.5, abs=0.02)
    expected = 1e-6 if zenith < 90 else 4e-7
    assert np.median(noise) == pytest.approx(expected, rel=0.35)


def test_errors_are_those_of_the_values(view: LidarView) -> None:
    profiles = view.retrieved.profiles
    for value, error, true in (
        (profiles.extinction, profiles.extinction_error, view.optics.extinction),
        (profiles.depolarisation, profiles.depolarisation_error, view.optics.depolarisation),
    ):
        cirrus = (view.retrieved.classification == 3) & (view.features.width == 1)
        off = ((value - true) / error)[cirrus]
        assert 0.6 < np.std(off) < 1.4


@pytest.mark.parametrize("kind", sorted(kind for kind in CONTENTS if kind.startswith("ATL_")))
def test_a_product_has_all_that_its_table_names(frame: Any, kind: str) -> None:
    (group,) = CONTENTS[kind](None, frame)
    shapes = {
        each.name: tuple(group.sizes[name] for name in each.dimensions) for each in group.variables
    }
    assert {name: values.shape for name, values in group.fields} == shapes


def test_native_bins_show_the_same_classes(frame: Any, view: LidarView) -> None:
    grid = make_grid(frame)
    assert grid.height.shape == (PROFILES, 242)
    steps = -np.diff(grid.height, axis=1)
    assert np.allclose(steps[:, :39], 495.753, atol=0.02)
    assert np.allclose(steps[:, 41:], 102.890, atol=0.02)
    assert 0 < np.abs(np.diff(grid.height[:, 0])).max() < 50
    assert np.ptp(grid.height[:, 0]) < 1000
    inside = (grid.height < HEIGHTS[0]) & (grid.height > HEIGHTS[-1])
    nearest = np.abs(HEIGHTS[grid.row] - grid.height)[inside & (grid.height < 20_000)]
    assert nearest.max() <= 51
    # Above the curtain the air thins out, and the noise goes on.
    _, rayleigh = grid.signals(view)
    assert 0 < rayleigh[:, 0].mean() < rayleigh[:, 10].mean()


@pytest.mark.parametrize(
    ("stripe", "kind", "top"),
    [(slice(0, 700), 0, np.nan), (slice(710, 790), 2, 11_000), (slice(810, 890), 3, 11_000)],
    ids=["no cloud", "thin", "thin over thick"],
)
def test_cloud_top_is_found(
    frame: Any, view: LidarView, stripe: slice, kind: int, top: float
) -> None:
    grid = make_grid(frame)
    found = find_cloud_top(
        grid.height, grid.of(view.features.simple), grid.of(view.retrieved.profiles.extinction)
    )
    seen = ~view.features.missing[stripe]
    mean: Callable[[Any], float] = np.nanmean if kind else np.mean
    assert np.median(found.kind[stripe][seen]) == kind
    assert mean(found.height[stripe][seen]) == pytest.approx(top, abs=150, nan_ok=True)
    if kind == 0:
        assert (found.confidence[stripe] == -127).all()
        assert (found.quality[stripe][seen] == -1).all()
    if kind == 3:
        assert np.nanmean(found.thick_height[stripe][seen]) == pytest.approx(2250, abs=150)
