"""What falls out of the clouds: snow, its melting, rain and drizzle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise, ramp
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths, smoothed
from earthcare_synthetic.scene.water import MELTING_POINT, Water

#: Snow melts within this many K below the melting level (Mitra et al.,
#: doi:10.1175/1520-0469(1990)047<0584:ASOTMO>2.0.CO;2).
MELTING_RANGE = 2.4
#: mm of water an hour, in kg m-2 s-1.
MM_PER_HOUR = 1 / 3600
#: Fall speed in m s-1 and effective radius in m of snow flakes (Heymsfield and Westbrook,
#: doi:10.1175/2010JAS3379.1).
SNOW_SPEED, SNOW_RADIUS = 1.1, 180e-6
#: Above 1 mm/h snow is rimed and falls faster, by this power of its rate: at 2.5 m s-1 in a core
#: (Mason et al., doi:10.1029/2018JD028603, rounded).
RIMING = 0.25
#: Droplets per cm3 over sea and over land (Wood, doi:10.1175/MWR-D-11-00121.1).
SEA_DROPLETS, LAND_DROPLETS = 60.0, 220.0
#: Largest rate in mm/h.
CLOUDBURST = 25.0
#: Profiles that drops and flakes drift per 100 m below the base of their cloud, or this height.
DRIFT, SHEARED_BELOW = 0.2, 4500.0


@dataclass(frozen=True)
class Precipitation:
    """Ice with its snow, and fluxes downward in kg m-2 s-1, on (profile, height)."""

    ice_water_content: Field
    ice_effective_radius: Field
    snow_flux: Field
    rain_flux: Field
    melting: Mask


def make_precipitation(
    canvas: Canvas,
    water: Water,
    layers: dict[str, Layer],
    temperature: Field,
    elevation: Field,
    land: Mask,
) -> Precipitation:
    """Let the thick clouds rain or snow, and supercooled ones shed a little ice.

    Ice clouds precipitate where they hold more than some 0.2 kg m-2: 1 mm/h per kg m-2, about.
    Stratocumulus drizzles by its liquid water path (Comstock et al., doi:10.1256/qj.03.187):
    0.0156 (path / droplets)**1.75 mm/h, with g m-2 and cm-3.
    """
    depth = layer_depths()
    cold = temperature < MELTING_POINT
    ice_path = (water.ice_water_content * depth).sum(axis=1)
    liquid_path = (water.liquid_water_content * depth).sum(axis=1)
    patchy = np.exp(0.5 * noise(canvas, "showers", 30, 2.0)[:, 0])
    ice_path = smoothed(ice_path, 1.5)  # flakes drift while they fall
    from_ice = np.minimum(np.maximum(ice_path - 0.2, 0) ** 1.2 * patchy, CLOUDBURST)
    droplets = np.where(land, LAND_DROPLETS, SEA_DROPLETS)
    drizzle = np.minimum(0.0156 * (1000 * liquid_path / droplets) ** 1.75 * patchy, 5.0)
    drizzle = np.where(drizzle > 0.003, drizzle, 0)

    snow = _falling(from_ice, layers["high"], elevation, reach_m=900)
    rain_from_snow = snow * ~cold
    warm = _falling(drizzle, layers["low"], elevation, reach_m=1200)
    snow = snow * cold + warm * cold
    rain = rain_from_snow + warm * ~cold

    shed = np.exp(0.8 * noise(canvas, "ice below liquid", 50, 2.0)) - 0.8
    virga = _falling(0.05 * np.maximum(shed.mean(axis=1), 0), layers["middle"], elevation, 1500)
    supercooled = layers["middle"].top > 0
    snow = snow + np.where(supercooled[:, None] & cold, virga, 0)

    snow, rain = snow * MM_PER_HOUR, rain * MM_PER_HOUR
    rimed = np.maximum(snow / MM_PER_HOUR, 1) ** RIMING
    as_content = snow / (SNOW_SPEED * rimed)
    content = np.maximum(water.ice_water_content, as_content)
    flakes = SNOW_RADIUS * np.clip(snow / MM_PER_HOUR, 0.02, 3) ** 0.15
    share = np.minimum(as_content / np.maximum(content, 1e-12), 1)  # of snow in the ice
    radius = water.ice_effective_radius
    radius = np.where(radius > 0, radius + share * np.maximum(flakes - radius, 0), flakes)
    radius = np.where(content > 0, radius, 0)
    speed = SNOW_SPEED * rimed * np.clip(radius / SNOW_RADIUS, 0.3, 1)
    melting = ~cold & (temperature < MELTING_POINT + MELTING_RANGE) & (rain_from_snow > 0.01)
    return Precipitation(
        content.astype(np.float32),
        radius.astype(np.float32),
        (content * speed * cold).astype(np.float32),
        rain.astype(np.float32),
        melting,
    )


def _falling(rate: Field, layer: Layer, elevation: Field, reach_m: float) -> Field:
    """Rate at each height: grows inside the layer, evaporates below it within its reach.

    Strong rain reaches the ground, weak rain ends as virga: the reach grows with the rate. Below
    the base the wind carries it along.
    """
    top, base = layer.top[:, None], layer.base[:, None]
    inside = ramp((top - HEIGHTS) / np.maximum(top - base, 200), 0.0, 0.8)
    reach = reach_m * np.maximum(rate / 0.1, 0.05) ** 0.6
    below = np.maximum(base - HEIGHTS, 0) / reach[:, None]
    left = np.clip(1 - 0.85 * below, 0, 1)
    falling = rate[:, None] * inside * left * ((top > HEIGHTS) & (top > 0))
    return _carried(falling, layer.base[rate > 0]) * (elevation[:, None] < HEIGHTS)


def _carried(field: Field, bases: Field) -> Field:
    """Move what falls along the curtain, the farther the deeper below the usual base of clouds."""
    level = min(float(np.median(bases)), SHEARED_BELOW) if len(bases) else 0.0
    drift = np.rint(DRIFT * np.maximum(level - HEIGHTS, 0) / 100).astype(int)
    rows = (np.arange(len(field))[:, None] - drift).clip(0)
    return np.asarray(np.take_along_axis(field, rows, axis=0), dtype=np.float32)
