"""What falls out of the clouds: snow, its melting, rain and drizzle."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths, line_noise, smoothed
from earthcare_synthetic.scene.shear import Lean
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
#: The flux of snow grows with this power of the way that it has fallen, by aggregation: echoes get
#: stronger all the way down to the melting level.
GROWTH = 1.4


@dataclass(frozen=True)
class Precipitation:
    """Ice with its snow, liquid, and fluxes downward in kg m-2 s-1, on (profile, height)."""

    ice_water_content: Field
    ice_effective_radius: Field
    snow_flux: Field
    rain_flux: Field
    melting: Mask


def make_precipitation(
    canvas: Canvas,
    high: Water,
    others: Water,
    layers: dict[str, Layer],
    lean: dict[str, Lean],
    temperature: Field,
    elevation: Field,
    land: Mask,
) -> Precipitation:
    """Let the thick clouds rain or snow, and supercooled ones shed a little ice.

    Ice clouds precipitate the more ice they hold: 1 mm/h at 1 kg m-2, about.
    Stratocumulus drizzles by its liquid water path (Comstock et al., doi:10.1256/qj.03.187):
    0.0156 (path / droplets)**1.75 mm/h, with g m-2 and cm-3. What falls, and the ice that it falls
    from, leans with the wind.

    Parameters
    ----------
    canvas : Canvas
        Lattice of the curtain.
    high, others : Water
        Of the high layer, in upright columns, and of the others.
    layers, lean : dict
        Layers below the satellite, and how the wind leans them, by name.
    temperature, elevation, land : ndarray
        In K (profile, height), in m and as a mask (profile,).
    """
    depth = layer_depths()
    cold = temperature < MELTING_POINT
    melts = HEIGHTS[np.argmin(cold, axis=1)] * ~cold.all(axis=1)
    ice_path = (high.ice_water_content * depth).sum(axis=1)
    liquid_path = (others.liquid_water_content * depth).sum(axis=1)
    patchy = np.exp(0.6 * line_noise(canvas, "showers", 60))
    ice_path = smoothed(ice_path, 2.0)  # flakes drift while they fall
    from_ice = np.minimum(0.85 * np.maximum(ice_path - 0.05, 0) ** 1.5 * patchy, CLOUDBURST)
    droplets = np.where(land, LAND_DROPLETS, SEA_DROPLETS)
    drizzle = np.minimum(0.0156 * (1000 * liquid_path / droplets) ** 1.75 * patchy, 5.0)
    drizzle = np.where(drizzle > 0.003, drizzle, 0)
    shed = np.exp(0.8 * noise(canvas, "ice below liquid", 50, 2.0)) - 0.8
    virga = 0.05 * np.maximum(shed.mean(axis=1), 0)

    def falling(rate: Field, name: str, reach_m: float) -> Field:
        upright = _falling(rate, layers[name], np.maximum(melts, layers[name].base), reach_m)
        return lean[name].of(upright) * (elevation[:, None] < HEIGHTS)

    deep = falling(from_ice, "high", 900)
    warm = falling(drizzle, "low", 1200)
    rain_from_snow = deep * ~cold
    snow = (deep + warm) * cold
    rain = rain_from_snow + warm * ~cold
    snow = snow + falling(np.where(layers["middle"].top > 0, virga, 0), "middle", 1500) * cold

    leaning = Water(*(lean["high"].of(getattr(high, each.name)) for each in fields(high)))
    water = leaning.with_more(others)
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


def _falling(rate: Field, layer: Layer, grown: Field, reach_m: float) -> Field:
    """Rate at each height of upright columns.

    Flakes gather others down to where they melt or leave the cloud, the height `grown`. Below the
    cloud they evaporate: strong rain reaches the ground, weak rain ends as virga.
    """
    top, base = layer.top[:, None], layer.base[:, None]
    way = (top - HEIGHTS) / np.maximum(top - grown[:, None], 200)
    reach = reach_m * np.maximum(rate / 0.1, 0.05) ** 0.6
    left = np.clip(1 - 0.85 * np.maximum(base - HEIGHTS, 0) / reach[:, None], 0, 1)
    falling = rate[:, None] * np.clip(way, 0, 1) ** GROWTH * left
    return np.where((top > HEIGHTS) & (top > 0), falling, 0).astype(np.float32)
