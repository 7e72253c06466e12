"""Places and seasons differ in the scene as they do on Earth, and its physics holds in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pytest

from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_synthetic.ground_track import frame_time
from earthcare_synthetic.instruments.lidar import view as lidar
from earthcare_synthetic.instruments.lidar.view import LidarView
from earthcare_synthetic.instruments.radar import view as radar
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.scene import aerosol, world
from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.clouds import make_scene
from earthcare_synthetic.scene.curtain import Curtain, make_curtain
from earthcare_synthetic.scene.fractal import noise
from earthcare_synthetic.scene.grid import HEIGHTS, curtain_canvas, layer_depths, smoothed
from earthcare_synthetic.scene.shear import make_lean

#: Pixels of 2 km instead of 0.5 km: the same weather in a fraction of the time.
LEVEL = 2
PLACES = {
    "Sahel to the South Atlantic in March": "04537E",
    "Sahara to the South Atlantic in December": "08738E",
    "Norway to Algeria in June": "06109D",
    "Antarctica in June": "05976G",
    "off West Africa in June": "06032E",
    "South Pacific on a clear night": "05996H",
}
TROPICS, DESERT, FRONT, POLAR_NIGHT, OUTFLOW, CLEAR_NIGHT = PLACES
DUSTY = (aerosol.DUST, aerosol.DUSTY_SMOKE, aerosol.DUSTY_MIX)
STRATOSPHERIC_ICE = 22


@dataclass(frozen=True)
class Place:
    """One frame, and what lidar and radar see of it."""

    product: GranuleId
    curtain: Curtain

    @cached_property
    def radar(self) -> Radar:
        """What CPR sees."""
        return radar.look(self.product, self.curtain)

    @cached_property
    def lidar(self) -> LidarView:
        """What ATLID sees."""
        return lidar.look(self.curtain, (self.product.orbit, ord(self.product.frame)))

    @cached_property
    def echo(self) -> npt.NDArray[np.float32]:
        """Reflectivity where the radar sees hydrometeors, in dBZ."""
        return np.where(self.radar.target, self.radar.reflectivity, np.nan)

    @cached_property
    def rain(self) -> npt.NDArray[np.float32]:
        """Largest rate of rain that falls from ice, in mm/h, (profile,)."""
        deep = self.curtain.high_optical_thickness > 5
        return np.where(deep, 3600 * self.curtain.rain_flux.max(axis=1), 0)

    @cached_property
    def haze(self) -> npt.NDArray[np.float32]:
        """Optical thickness of the aerosol below 15 km, (profile,)."""
        thickness = self.curtain.aerosol_extinction * layer_depths()
        return thickness[:, HEIGHTS < 15_000].sum(axis=1)


@pytest.fixture(scope="module")
def places() -> dict[str, Place]:
    found = {}
    for name, frame in PLACES.items():
        begin, _ = frame_time(int(frame[:5]), frame[5])
        text = f"ECA_EXBA_ATL_TC__2A_{begin:%Y%m%dT%H%M%SZ}_20260101T000000Z_{frame}"
        product = parse_granule_id(text)
        found[name] = Place(product, make_curtain(product, make_scene(product, LEVEL)))
    return found


def at(height: float) -> int:
    return int(np.abs(HEIGHTS - height).argmin())


#: What tells places apart: (name of a quantity, place, least, most).
CLIMATES = [
    ("tropopause, km", TROPICS, 16, 17.5),
    ("tropopause, km", FRONT, 9, 14),
    ("tropopause, km", POLAR_NIGHT, 7.5, 9),
    ("air at 20 km, K", TROPICS, 195, 225),
    ("air at 20 km, K", POLAR_NIGHT, 180, 195),
    ("air at 20 km, K", CLEAR_NIGHT, 195, 220),
    ("warmest surface, K", TROPICS, 298, 325),
    ("warmest surface, K", POLAR_NIGHT, 230, 273),
    ("highest echo, km", TROPICS, 13, 17),
    ("highest echo, km", FRONT, 9, 15),
    ("highest echo, km", POLAR_NIGHT, 5, 9.5),
    ("rain from ice, % of profiles", TROPICS, 0.3, 15),
    ("rain from ice, % of profiles", FRONT, 4, 30),
    ("rain from ice, % of profiles", POLAR_NIGHT, 0, 0),
    ("rain from ice, % of profiles", CLEAR_NIGHT, 0, 0.2),
    ("lidar lost below cloud, % of profiles", CLEAR_NIGHT, 0, 25),
    ("lidar lost below cloud, % of profiles", TROPICS, 30, 75),
    ("aerosol optical thickness", TROPICS, 0.15, 0.6),
    ("aerosol optical thickness", CLEAR_NIGHT, 0.02, 0.15),
    ("aerosol optical thickness", POLAR_NIGHT, 0, 0.05),
]


@pytest.mark.parametrize(("quantity", "name", "least", "most"), CLIMATES)
def test_places_differ(
    places: dict[str, Place], quantity: str, name: str, least: float, most: float
) -> None:
    place = places[name]
    curtain = place.curtain
    value = {
        "tropopause, km": lambda: np.median(curtain.tropopause) / 1000,
        "air at 20 km, K": lambda: np.median(curtain.temperature[:, at(20_000)]),
        "warmest surface, K": lambda: curtain.surface_temperature.max(),
        "highest echo, km": lambda: HEIGHTS[place.radar.target.any(axis=0).argmax()] / 1000,
        "rain from ice, % of profiles": lambda: 100 * (place.rain > 0.05).mean(),
        "lidar lost below cloud, % of profiles": lambda: (
            100 * (place.lidar.features.simple == -1).any(axis=1).mean()
        ),
        "aerosol optical thickness": lambda: np.median(place.haze),
    }[quantity]()
    assert least <= value <= most


def test_deep_convection_keeps_to_where_the_season_has_it(places: dict[str, Place]) -> None:
    place = places[DESERT]
    north = place.curtain.track.latitude > 14  # the Sahara in winter
    assert (place.rain[north] == 0).all()
    deep = (place.echo[:, HEIGHTS > 9000] > 0).any(axis=1)
    assert not deep[north].any()
    assert deep[~north].sum() > 50
    assert place.rain[~north].max() > 5


def test_dust_over_the_sea_is_low_where_no_desert_lifts_it(places: dict[str, Place]) -> None:
    for place in places.values():
        curtain, track = place.curtain, place.curtain.track
        sea = ~curtain.land & (
            world.sum_of(aerosol.OUTFLOWS, track.latitude, track.longitude) < 0.09
        )
        inland = np.convolve(curtain.land, np.ones(121), "same") > 0
        sea &= ~inland
        dust = np.isin(curtain.aerosol_type, DUSTY)
        height = HEIGHTS - curtain.elevation[:, None]
        assert not (dust & sea[:, None] & (height > 2000)).any()
        told = np.isin(place.lidar.retrieved.classification_medium, DUSTY)
        assert (told & sea[:, None] & (height > 2200)).sum() < 100
    off_africa = places[OUTFLOW]
    lifted = np.isin(off_africa.lidar.retrieved.classification_medium, DUSTY)
    north = off_africa.curtain.track.latitude > 15
    assert lifted[np.ix_(north, HEIGHTS > 2500)].sum() > 3000
    over_land = np.isin(places[DESERT].curtain.aerosol_type, DUSTY)
    assert over_land[:, at(3000)].sum() > 500


@pytest.mark.parametrize("name", [TROPICS, DESERT])
def test_echo_of_storms_grows_down_to_the_melting_level_and_fades_below(
    places: dict[str, Place], name: str
) -> None:
    """Flakes gather others; rain takes away the light of 94 GHz."""
    place = places[name]
    storms = place.echo[place.rain > 0.3]
    assert len(storms) > 20
    median = {km: np.nanmedian(storms[:, at(1000 * km)]) for km in (1, 2, 3, 4, 6, 12)}
    assert median[12] < median[6] - 3
    assert median[6] < median[4]
    assert median[4] > median[3] > median[2] > median[1]
    assert median[3] - median[1] > 4
    # In the heaviest rain the echo of the ground is lost, but not that of the rain: photons that
    # were scattered many times come back late.
    heavy = place.rain > 8
    if heavy.sum() > 5:
        one = place.radar.water_attenuation[heavy, at(1000)]
        assert np.median(one) > 20
        assert np.median(place.radar.multiple_scattering_status[heavy, at(2000)]) >= 2


def test_fronts_have_no_walls(places: dict[str, Place]) -> None:
    """From nothing to the tropopause takes a front some hundred km, in the middle latitudes."""
    place = places[FRONT]
    cloud = place.radar.target & (HEIGHTS > 1500)
    thick = cloud.sum(axis=1) / 10.0  # km
    front = thick > 5
    assert front.sum() > 300
    edges = np.flatnonzero(np.diff(front.astype(int)))
    steps = [abs(thick[min(i + 15, len(thick) - 1)] - thick[max(i - 15, 0)]) for i in edges]
    assert np.median(steps) < 4


def test_wind_leans_clouds_at_all_heights_without_a_kink() -> None:
    profiles = 600
    flat = np.ones(profiles, np.float32)
    leans = []
    for orbit in range(12):
        layer = Layer(20 * flat, 13_000 * flat, 500 * flat, 40e-6 * flat, flat > 0)
        lean = make_lean(curtain_canvas(profiles, (orbit, 69)), layer)
        drift = (lean.profile - np.arange(profiles)[:, None])[300].astype(float)
        levels = np.array([drift[at(1000.0 * km)] for km in range(13, -1, -1)])
        steps = np.abs(np.diff(levels))
        assert (np.diff(levels) * np.sign(levels[-1]) >= 0).all()
        assert abs(levels[6]) >= 2  # above 7 km
        assert abs(levels[13] - levels[8]) >= 1  # below 5 km
        assert np.abs(np.diff(steps)).max() <= 2  # no jump at the melting level, nor elsewhere
        leans.append(levels[-1])
    assert min(leans) < 0 < max(leans)


@pytest.mark.parametrize("name", [TROPICS, DESERT, OUTFLOW])
def test_aerosol_is_typed_by_layer(places: dict[str, Place], name: str) -> None:
    codes = places[name].lidar.retrieved.classification_medium
    known = np.isin(codes, [*aerosol_codes()])
    for axis, most in ((0, 0.015), (1, 0.08)):
        one, other = (
            np.take(codes, range(first, codes.shape[axis] - 1 + first), axis) for first in (0, 1)
        )
        both = np.isin(one, [*aerosol_codes()]) & np.isin(other, [*aerosol_codes()])
        assert (one != other)[both].mean() < most
    alone = known.copy()
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        alone &= np.roll(codes, shift, axis) != codes
    assert alone.sum() < 0.02 * known.sum()
    assert len(np.unique(codes[known])) >= 4


def aerosol_codes() -> tuple[int, ...]:
    return (10, 11, 12, 13, 14, 15)


@pytest.mark.parametrize("name", [TROPICS, DESERT, OUTFLOW])
def test_haze_comes_in_events_and_not_in_waves(places: dict[str, Place], name: str) -> None:
    """It varies at all scales: a good part of it below 50 km, where long waves are flat."""
    haze = np.log(np.maximum(places[name].haze, 1e-3))
    fine, broad = haze - smoothed(haze, 25), haze - smoothed(haze, 500)
    assert fine.var() > 0.035 * broad.var()
    assert np.std(np.diff(haze[::10])) > 0.09


@pytest.mark.parametrize("name", [TROPICS, DESERT])
def test_anvils_are_thin_and_thick(places: dict[str, Place], name: str) -> None:
    high = (places[name].curtain.ice_water_content > 1e-6) & (HEIGHTS > 8000) & (HEIGHTS < 17_000)
    thickness = high.sum(axis=1)[high.any(axis=1)]
    thin, thick = np.percentile(thickness, [15, 85])
    assert thick > 3 * thin


def test_only_the_polar_night_has_stratospheric_cloud(places: dict[str, Place]) -> None:
    for name, place in places.items():
        seen = place.lidar.retrieved.classification == STRATOSPHERIC_ICE
        high = np.ix_(np.ones(len(seen), bool), HEIGHTS > 15_000)
        if name == POLAR_NIGHT:
            assert seen[high].any(axis=1).mean() > 0.3
            cold = place.curtain.temperature[seen]
            assert cold.max() < 200
            assert (place.curtain.rain_flux == 0).all()
        else:
            assert not seen[high][np.abs(place.curtain.track.latitude) < 60].any()


def test_a_coarser_scene_is_the_same_weather() -> None:
    """What the checks above rest on."""
    canvas = curtain_canvas(400, (1, 2))
    fine, coarse = (noise(canvas.at_level(level), "weather", 300, 2.4) for level in (0, 2))
    assert np.corrcoef(fine[::4, ::4].ravel(), coarse.ravel())[0, 1] > 0.95
