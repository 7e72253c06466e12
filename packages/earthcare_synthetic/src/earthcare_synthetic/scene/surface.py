"""What lies under the clouds: sea and ice, desert, plants, soil and snow, and how warm it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.atmosphere import column_water_vapour, skin_temperature
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Field, Mask, enlarge, noise, ramp
from earthcare_synthetic.scene.swath import COARSE_LEVEL

#: The sea freezes where the air is colder than this in K, snow stays on land below the second.
ICY, SNOWY = 271.0, 268.0


@dataclass(frozen=True)
class Surface:
    """Cover of the pixels of a swath: shares from 0 to 1; what is left of the land is bare soil.

    `rock` is how bright bare ground is, around 1; `temperature` is that of the skin in K,
    `water_vapour` that of the column above in kg m-2.
    """

    land: Mask
    desert: Field
    green: Field
    snow: Field
    sea_ice: Field
    rock: Field
    temperature: Field
    water_vapour: Field


def make_surface(scene: Scene) -> Surface:
    """Cover the ground of a scene.

    Deserts are those of `world`, elsewhere it is the greener the moister and warmer it is; snow
    and sea ice follow the temperature of the air.
    """
    swath, canvas = scene.swath, scene.swath.canvas
    step = max(2**COARSE_LEVEL // canvas.stride, 1)
    coarse = np.s_[::step, ::step]
    dry = np.clip(
        world.sum_of(world.DESERTS, swath.latitude[coarse], swath.longitude[coarse]), 0, 1
    )
    dry = enlarge(dry, step * canvas.stride, canvas)
    height = np.maximum(swath.elevation - swath.geoid[:, None], 0)
    air = scene.atmosphere.temperature(height)
    land = np.asarray(swath.land)
    patches = np.clip(noise(canvas, "ground", 70, 1.9), -2.5, 2.5)

    snow = land * ramp(air + 2.5 * patches, SNOWY + 3, SNOWY - 3)
    sea_ice = ~land * ramp(air + 1.5 * patches, ICY + 0.8, ICY - 1.2)
    desert = land * ramp(dry + 0.10 * patches, 0.32, 0.62) * (1 - snow)
    growth = ramp(air, 272, 288) * np.clip(0.85 - 1.1 * dry + 0.16 * patches, 0.04, 1)
    rock = 1 + 0.09 * np.clip(noise(canvas, "rock", 160, 1.7), -2.5, 2.5)
    weather = np.exp(0.18 * noise(canvas, "moist air", 700, 2.6))
    skin = skin_temperature(air, land, np.asarray(swath.solar_zenith))
    skin = skin - 6 * growth * land * ramp(swath.solar_zenith, 90, 40)  # plants stay cool
    skin = np.where(snow + sea_ice > 0.5, np.minimum(skin, 272.5), skin)
    return Surface(
        land=land,
        desert=np.asarray(desert, dtype=np.float32),
        green=np.asarray(land * growth * (1 - snow) * (1 - desert), dtype=np.float32),
        snow=np.asarray(snow, dtype=np.float32),
        sea_ice=np.asarray(sea_ice, dtype=np.float32),
        rock=np.asarray(rock, dtype=np.float32),
        temperature=np.asarray(skin + 0.35 * patches, dtype=np.float32),
        water_vapour=np.asarray(
            column_water_vapour(air) * weather * (1 - 0.6 * dry * land), dtype=np.float32
        ),
    )
