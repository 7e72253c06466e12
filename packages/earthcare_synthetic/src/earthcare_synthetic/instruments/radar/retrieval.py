"""What can be retrieved from the radar: water content and particle size, by profile."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.instruments.radar.classes import Target
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.scene.cloud_layer import WATER_DENSITY
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import curtain_canvas
from earthcare_synthetic.scene.precipitation import MM_PER_HOUR

ICE = (
    Target.RIMED_SNOW,
    Target.SNOW,
    Target.ICE,
    Target.STRATOSPHERIC,
    Target.HEAVY_MIXED,
)
RAIN = (Target.WARM_RAIN, Target.COLD_RAIN, Target.MELTING_SNOW, Target.HEAVY_RAIN)
LIQUID = (Target.LIQUID_CLOUD, Target.DRIZZLING_CLOUD)
#: Standard errors of natural logarithms: content of ice, of rain and of liquid cloud, and sizes.
ICE_ERROR, RAIN_ERROR, LIQUID_ERROR, SIZE_ERROR = 0.30, 0.40, 0.25, 0.20
#: Largest error, in units of the standard error.
LARGEST = 2.5
#: Melted mean diameter of ice over its effective radius (Delanoe et al.,
#: doi:10.1002/2013JD020700, rounded).
DIAMETER_TO_RADIUS = 2.2


@dataclass(frozen=True)
class Retrieval:
    """Retrieved fields, (profile, height); NaN where nothing is retrieved.

    Contents in kg m-3, sizes in m, `fall_speed` positive downwards in m s-1. `water_content` and
    `diameter` (mean, weighted with the mass, of melted particles) are of ice, snow, drizzle and
    rain; `liquid_content` and `liquid_radius` of cloud droplets. `error` is the standard error of
    the natural logarithm of `water_content`, `ripple` the smooth noise that it comes from.
    """

    ice: Mask
    rain: Mask
    liquid: Mask
    water_content: Field
    diameter: Field
    ice_radius: Field
    fall_speed: Field
    liquid_content: Field
    liquid_radius: Field
    error: Field
    ripple: Field


def retrieve(product: GranuleId, curtain: Curtain, radar: Radar) -> Retrieval:
    """Retrieve from what the radar sees, with errors that belong to the product.

    Contents are the true ones times a lognormal error, of the size that Mroz et al. report
    (doi:10.5194/amt-16-2865-2023); it is correlated along the track, as one profile helps the next.
    """
    canvas = _canvas(product, curtain)
    ripple = noise(canvas, "radar retrieval", 12, 2.0).clip(-LARGEST, LARGEST)
    grain = noise(canvas, "radar sizes", 8, 2.0).clip(-LARGEST, LARGEST)
    kind = radar.hydrometeor_classification
    ice = np.isin(kind, ICE)
    liquid = np.isin(kind, LIQUID) & (np.asarray(curtain.liquid_water_content) > 0)
    drizzle = (kind == Target.DRIZZLING_CLOUD) & (np.asarray(curtain.rain_flux) > 1e-7)
    rain = np.isin(kind, RAIN) | drizzle
    fall = np.maximum(radar.fall_speed, 0.1)
    rain_content = curtain.rain_flux / fall
    rate = np.maximum(curtain.rain_flux / MM_PER_HOUR, 1e-6)
    error = np.where(ice, ICE_ERROR, RAIN_ERROR) * np.exp(0.15 * grain)
    content = np.where(ice, curtain.ice_water_content, rain_content) * np.exp(error * ripple)
    radius = curtain.ice_effective_radius * np.exp(SIZE_ERROR * grain)
    diameter = np.where(ice, DIAMETER_TO_RADIUS * radius, 0.95e-3 * rate**0.21)
    water = (ice | rain) & (content > 1e-9)
    return Retrieval(
        ice=ice & water,
        rain=rain & water,
        liquid=liquid,
        water_content=_only(water, content),
        diameter=_only(water, np.clip(diameter, 30e-6, 4e-3)),
        ice_radius=_only(ice & water, radius),
        fall_speed=_only(water, fall * np.exp(0.1 * grain)),
        liquid_content=_only(liquid, curtain.liquid_water_content * np.exp(LIQUID_ERROR * ripple)),
        liquid_radius=_only(liquid, curtain.liquid_effective_radius * np.exp(0.12 * grain)),
        error=_only(water, error),
        ripple=ripple,
    )


def number_parameter(content: Field, diameter: Field) -> Field:
    """N0* in m-4: 4**4 / (pi density) content / diameter**4.

    Delanoe et al., doi:10.1029/2004JD005405.
    """
    return np.asarray(256 / (np.pi * WATER_DENSITY) * content / diameter**4, dtype=np.float32)


def longest_dimension(diameter: Field, alpha: Field) -> Field:
    """Size in m of an ice particle that melts to a drop, of mass = alpha size**2."""
    mass = np.pi / 6 * WATER_DENSITY * diameter**3
    return np.asarray(np.sqrt(mass / alpha), dtype=np.float32)


def smoothed_along(field: Field, profiles: int) -> Field:
    """Running mean over so many profiles of what is not NaN; NaN where the centre is."""
    known = np.isfinite(field)
    total = _running(np.where(known, field, 0), profiles)
    count = _running(known.astype(np.float32), profiles)
    return np.where(known, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _running(field: Field, length: int) -> Field:
    half = length // 2
    padded = np.pad(field, ((half + 1, half), (0, 0)))
    summed = np.cumsum(padded, axis=0, dtype=np.float64)
    return np.asarray(summed[length:] - summed[:-length], dtype=np.float32)


def _canvas(product: GranuleId, curtain: Curtain) -> Canvas:
    seed = (product.orbit, ord(product.frame), crc32(product.text.encode()))
    return curtain_canvas(len(curtain.elevation), seed)


def _only(where: Mask, field: Field) -> Field:
    return np.where(where, field, np.nan).astype(np.float32)
