"""What the air and its water do to a beam of 94 GHz: echo, attenuation, fall speed, emission."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths
from earthcare_synthetic.scene.precipitation import MELTING_RANGE, MM_PER_HOUR
from earthcare_synthetic.scene.water import MELTING_POINT

#: Echo that snow does not exceed at 94 GHz, in mm6 m-3 (17 dBZ): flakes are as large as the wave.
SNOW_CEILING = 50.0
#: Width of the distribution of cloud droplets (Frisch et al.,
#: doi:10.1175/1520-0469(1995)052<2788:MOSCDW>2.0.CO;2).
DROPLET_WIDTH = 0.35
#: Emissivity at 94 GHz and nadir: calm sea (Wentz, doi:10.1029/96JC01751, extrapolated) and land.
SEA_EMISSIVITY, LAND_EMISSIVITY = 0.62, 0.94


@dataclass(frozen=True)
class Echo:
    """Free of noise, (profile, height); `brightness_temperature` is (profile,), in K.

    The parts of the reflectivity are in mm6 m-3 and not attenuated. Attenuation is two-way, from
    the satellite down to the middle of a pixel, in dB. `fall_speed` is weighted with the
    reflectivity, positive downwards, in m s-1.
    """

    ice: Field
    cloud: Field
    rain: Field
    gas_attenuation: Field
    water_attenuation: Field
    fall_speed: Field
    brightness_temperature: Field

    @property
    def reflectivity(self) -> Field:
        """Of everything, in mm6 m-3."""
        return self.ice + self.cloud + self.rain


def make_echo(curtain: Curtain) -> Echo:
    """Look at a curtain without noise and without ground."""
    ice = ice_reflectivity(1000 * curtain.ice_water_content)
    cloud = cloud_reflectivity(1000 * curtain.liquid_water_content, curtain.liquid_effective_radius)
    rate = curtain.rain_flux / MM_PER_HOUR
    melted = np.clip((curtain.temperature - MELTING_POINT) / MELTING_RANGE, 0, 1)
    rain = rain_reflectivity(rate) * np.where(
        curtain.melting, 10 ** (0.08 * np.cos(np.pi * melted)), 1
    )
    gas = gas_absorption(curtain.temperature, curtain.pressure, curtain.relative_humidity)
    liquid = cloud_absorption(1000 * curtain.liquid_water_content)
    liquid = liquid + rain_attenuation(rate) * np.where(curtain.melting, 2, 1)
    scattered = ice_attenuation(1000 * curtain.ice_water_content)
    below_ground = curtain.elevation[:, None] > HEIGHTS
    gas = np.where(below_ground, 0, gas)

    thin = (np.asarray(curtain.pressure) / 101325) ** -0.4
    of_ice = curtain.snow_flux / np.maximum(curtain.ice_water_content, 1e-12) * thin
    of_rain = rain_fall_speed(rate) * thin
    of_rain = np.where(curtain.melting, 1.2 + (of_rain - 1.2) * melted, of_rain)
    total = np.maximum(ice + cloud + rain, 1e-12)
    fall_speed = (ice * of_ice + cloud * 0.02 + rain * of_rain) / total
    return Echo(
        ice=ice,
        cloud=cloud,
        rain=rain.astype(np.float32),
        gas_attenuation=_two_way(gas),
        water_attenuation=_two_way(liquid + scattered),
        fall_speed=fall_speed.astype(np.float32),
        brightness_temperature=_brightness_temperature(curtain, gas, liquid),
    )


def ice_reflectivity(content: Field) -> Field:
    """Reflectivity in mm6 m-3 of ice and snow, of their content in g m-3.

    Content = 0.137 Z**0.64 at 94 GHz (Liu and Illingworth,
    doi:10.1175/1520-0450(2000)039<1130:TMAROI>2.0.CO;2), with a ceiling for large flakes, whose
    echo is beyond Rayleigh's (Matrosov, doi:10.1175/2007JAMC1617.1).

    Examples
    --------
    >>> ice_reflectivity(np.array([0.0137, 0.137])).round(3)
    array([0.027, 0.98 ], dtype=float32)
    """
    z = (np.maximum(content, 0) / 0.137) ** (1 / 0.64)
    return np.asarray(z / (1 + z / SNOW_CEILING), dtype=np.float32)


def cloud_reflectivity(content: Field, radius: Field) -> Field:
    """Reflectivity in mm6 m-3 of cloud droplets: content in g m-3, effective radius in m.

    The sixth moment of a lognormal distribution of the given width (Frisch et al.,
    doi:10.1175/1520-0469(1995)052<2788:MOSCDW>2.0.CO;2).
    """
    # <r6> / <r3> of a lognormal distribution, over the cube of its effective radius.
    moment = np.exp(6 * DROPLET_WIDTH**2) * np.asarray(radius, np.float64) ** 3
    return np.asarray(48 / (np.pi * 1e6) * content * moment * 1e18, dtype=np.float32)


def rain_reflectivity(rate: Field) -> Field:
    """Reflectivity in mm6 m-3 of drizzle and rain, of their rate in mm/h.

    25 R**1.3 in drizzle (Comstock et al., doi:10.1256/qj.03.187); it saturates above some mm/h,
    where drops are as large as the wave (L'Ecuyer and Stephens,
    doi:10.1175/1520-0450(2002)041<0272:AEBAIA>2.0.CO;2).
    """
    rate = np.maximum(rate, 0)
    return np.asarray(25 * rate**1.3 / (1 + 0.4 * rate), dtype=np.float32)


def gas_absorption(temperature: Field, pressure: Field, humidity: Field) -> Field:
    """One-way absorption of water vapour and oxygen, in dB/km.

    At 94 GHz, rounded from Liebe (doi:10.1029/RS020i005p01069): 0.046 per g m-3 of vapour and 0.03
    for oxygen at sea level. Saturation vapour pressure after Bolton
    (doi:10.1175/1520-0493(1980)108<1046:TCOEPT>2.0.CO;2).
    """
    celsius = np.asarray(temperature) - MELTING_POINT
    vapour = humidity * 611.2 * np.exp(17.67 * celsius / (celsius + 243.5))
    density = 1000 * vapour / (461.5 * np.asarray(temperature))
    level = np.asarray(pressure) / 101325
    return np.asarray(0.046 * density * np.minimum(level, 1.1) + 0.03 * level**2, dtype=np.float32)


def cloud_absorption(content: Field) -> Field:
    """One-way absorption of cloud droplets in dB/km, of their content in g m-3.

    4.6 dB/km per g m-3 at 94 GHz and 283 K (Liebe et al., doi:10.1007/BF01009565).
    """
    return np.asarray(4.6 * content, dtype=np.float32)


def rain_attenuation(rate: Field) -> Field:
    """One-way attenuation of rain in dB/km, of its rate in mm/h.

    1.3 R**0.69 (Recommendation ITU-R P.838-3 at 94 GHz). Melting snow attenuates about twice as
    much (Matrosov, doi:10.1109/TGRS.2008.915757).
    """
    return np.asarray(1.3 * np.maximum(rate, 0) ** 0.69, dtype=np.float32)


def ice_attenuation(content: Field) -> Field:
    """One-way attenuation of ice and snow in dB/km, of their content in g m-3: by scattering.

    0.55 dB/km per g m-3, for the rimed snow of deep convection (Protat et al.,
    doi:10.1175/JTECH-D-18-0154.1, rounded).
    """
    return np.asarray(0.55 * content, dtype=np.float32)


def rain_fall_speed(rate: Field) -> Field:
    """Fall speed in m s-1 of rain, weighted with its echo at 94 GHz, of its rate in mm/h.

    Of drops of the median volume diameter 0.9 R**0.21 mm (Marshall and Palmer,
    doi:10.1175/1520-0469(1948)005<0165:TDORWS>2.0.CO;2), with 9.65 - 10.3 exp(-0.6 D) (Atlas et
    al., doi:10.1029/RG011i001p00001).
    """
    diameter = 0.9 * np.maximum(rate, 1e-6) ** 0.21
    return np.asarray(np.clip(9.65 - 10.3 * np.exp(-0.6 * diameter), 0.3, 9), dtype=np.float32)


def _two_way(absorption: Field) -> Field:
    """Attenuation in dB on the way to the middle of each pixel and back, of a rate in dB/km."""
    step = 2 * absorption * layer_depths() / 1000
    return np.asarray(np.cumsum(step, axis=1) - step / 2, dtype=np.float32)


def _brightness_temperature(curtain: Curtain, gas: Field, liquid: Field) -> Field:
    """Emission at 94 GHz seen from above, in K: ground, air, and their mirror image in the sea.

    Absorbing layers in local equilibrium (Ulaby et al., Microwave Remote Sensing I, 1981, chapter
    4). Ice scatters the cold sky upwards: half of the difference to 150 K at an ice path of 3 kg
    m-2 (Bennartz and Bauer, doi:10.1029/2002RS002626, rounded).
    """
    depth = layer_depths() / 1000
    thickness = (gas + liquid) * depth / 4.343
    above = np.cumsum(thickness, axis=1)
    total = above[:, -1]
    warm = curtain.temperature * -np.expm1(-thickness)
    upward = (warm * np.exp(thickness - above)).sum(axis=1)
    downward = (warm * np.exp(above - total[:, None])).sum(axis=1) + 2.7 * np.exp(-total)
    emissivity = np.where(curtain.land, LAND_EMISSIVITY, SEA_EMISSIVITY)
    ground = emissivity * curtain.surface_temperature + (1 - emissivity) * downward
    seen = upward + np.exp(-total) * ground
    path = (curtain.ice_water_content * layer_depths()).sum(axis=1)
    return np.asarray(seen - (seen - 150) * -np.expm1(-0.23 * path), dtype=np.float32)
