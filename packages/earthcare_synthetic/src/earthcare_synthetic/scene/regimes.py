"""Which clouds are likely where: weights from 0 to 1 that vary over hundreds of kilometres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.atmosphere import Atmosphere, climate, season
from earthcare_synthetic.scene.fractal import Canvas, Field, enlarge, noise, ramp
from earthcare_synthetic.scene.swath import COARSE_LEVEL, Swath, positions, seconds_from_start


@dataclass(frozen=True)
class Regimes:
    """Weights on a coarse grid, and the means to have them on a canvas."""

    stride: int
    stratocumulus: Field
    cumulus: Field
    continental: Field
    deep: Field
    midlevel: Field
    frontal: Field
    cirrus: Field
    atmosphere: Atmosphere

    def on(self, canvas: Canvas, name: str) -> Field:
        """One of the weights on the points of a canvas."""
        return enlarge(getattr(self, name), self.stride, canvas)

    def atmosphere_on(self, canvas: Canvas) -> Atmosphere:
        """Temperature profile on the points of a canvas."""
        air = self.atmosphere
        fields = (air.sea_level_temperature, air.tropopause, air.stratosphere)
        return Atmosphere(*(enlarge(field, self.stride, canvas) for field in fields))


def make_regimes(product: GranuleId, swath: Swath) -> Regimes:
    """Weights of the cloud regimes along one swath.

    Deep convection follows the intertropical convergence zone, which moves with the Sun, further
    over land (Waliser and Gautier, doi:10.1175/1520-0442(1993)006<2162>2.0.CO;2); stratocumulus
    keeps to the eastern subtropical oceans (Klein and Hartmann 1993) and, with fronts, to the
    middle latitudes. Storm tracks move towards the pole in summer, and end where the subtropics
    begin (Chang et al., doi:10.1175/1520-0442(2002)015<02163:STD>2.0.CO;2); in highs, and over
    deserts, the air sinks. Large-scale noise decides what the weather of this orbit makes of it.
    """
    full = swath.canvas
    stride = 2**COARSE_LEVEL
    canvas = Canvas(
        full.lines + stride, full.columns + stride, full.pixel_km, COARSE_LEVEL, full.seed
    )
    lat, lon = positions(product, canvas)
    time = swath.time[0] + seconds_from_start(canvas) - seconds_from_start(canvas)[0]
    zenith, _ = world.solar_angles(time[:, None], lat, lon)
    day = np.clip(np.cos(np.radians(zenith)) * 2, 0, 1)
    land = np.clip(world.land_share(lat, lon) * 1.6 - 0.3, 0, 1)
    sea = 1 - land
    dry = np.clip(world.sum_of(world.DESERTS, lat, lon), 0, 1) * land
    summer = season(swath.day_of_year)

    def weather(name: str, amplitude: float, outer_km: float = 1500) -> Field:
        return amplitude * noise(canvas, name, outer_km, 2.4)

    def around(centre: Field | float, width: float) -> Field:
        return np.asarray(np.exp(-(((lat - centre) / width) ** 2)))

    itcz = 4 + 3.5 * summer + (7.5 * summer - 1) * land
    tropical = around(itcz, 7.0) * sea + around(itcz, 12.0) * land * (1 - dry)
    trades = around(17, 13) + around(-17, 13)
    storm = np.maximum(around(47 + 5 * summer, 14), around(-50 + 2 * summer, 14))
    storm = np.clip(1.15 * storm - 0.15, 0, 1) * (1 - 0.8 * dry)
    fair = 1 - 0.9 * ramp(noise(canvas, "highs", 2500, 2.6), 0.2, 1.0) * (1 - tropical)
    calm = fair * (1 - 0.7 * dry)
    polar = np.clip((np.abs(lat) - 62) / 10, 0, 1)
    decks = world.sum_of(world.STRATOCUMULUS, lat, lon) * sea
    decks = np.maximum(decks, (0.46 * storm + 0.5 * polar) * (0.25 + 0.75 * sea))

    def weight(field: npt.NDArray[np.floating]) -> Field:
        return np.asarray(np.clip(field, 0, 1), dtype=np.float32)

    return Regimes(
        stride=stride,
        stratocumulus=weight(decks + weather("decks", 0.2, 900)),
        cumulus=weight(
            (0.6 * trades + 0.3 * tropical + 0.25 * storm) * sea + weather("cu", 0.12) - 0.04
        )
        * weight(0.5 + 0.5 * fair),
        continental=weight(
            (tropical + 0.45 * storm + 0.2 * trades) * land * day * (1 - dry) + weather("co", 0.1)
        )
        * weight(land * fair),
        deep=weight(
            tropical * (0.53 + 0.3 * day * land)
            + weather("deep", 0.14) * np.clip(2 * tropical + 0.2 * storm, 0, 1)
            - 0.08
        ),
        midlevel=weight((0.12 + 0.12 * storm + 0.2 * tropical + weather("mid", 0.2)) * calm),
        frontal=weight((storm + 0.35 * polar) * (0.85 + weather("storms", 0.25)) * fair),
        cirrus=weight((0.1 + 0.28 * tropical + 0.3 * storm + weather("jet", 0.28)) * calm),
        atmosphere=climate(
            lat.astype(np.float32),
            land.astype(np.float32),
            swath.day_of_year,
            day.astype(np.float32),
        ),
    )
