"""Aerosol layers: which kind is where, how much of it, and how the wind has shaped it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.atmosphere import season
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS, Track, sheets, smoothed

#: Codes of ATL_TC__2A and AC__TC__2B (facts of the product definition).
DUST, SEA_SALT, POLLUTION, SMOKE, DUSTY_SMOKE, DUSTY_MIX, SULPHATE = 10, 11, 12, 13, 14, 15, 26
#: Where forests and savannahs burn, and people and industry are many (any atlas).
FIRES: world.Bumps = (
    (-10, 22, 12, 16, 1.0), (9, 15, 6, 22, 0.9), (-10, -58, 11, 14, 0.9), (0, 110, 8, 16, 0.6),
    (58, -110, 7, 20, 0.5), (62, 115, 7, 22, 0.5), (-33, 148, 6, 8, 0.4),
)  # fmt: skip
CITIES: world.Bumps = (
    (31, 114, 10, 12, 1.0), (26, 81, 7, 12, 1.0), (48, 12, 8, 16, 0.6), (39, -85, 8, 13, 0.5),
    (36, 138, 5, 6, 0.5), (6, 5, 5, 8, 0.5), (19, -99, 4, 6, 0.5), (-25, 29, 5, 6, 0.5),
    (-23, -46, 5, 6, 0.5), (-5, 108, 6, 10, 0.6), (30, 31, 4, 5, 0.6), (56, 40, 7, 16, 0.4),
)  # fmt: skip
#: Largest extinction of haze in m-1: more happens in storms and next to fires only.
THICKEST = 1.2e-3
#: Trades carry dust and smoke this far west of their source, in degrees.
OUTFLOW = 16.0


@dataclass(frozen=True)
class Aerosol:
    """Extinction at 355 nm in m-1, and the code of the kind (0 where there is none)."""

    extinction: Field
    kind: npt.NDArray[np.int8]


def make_aerosol(
    canvas: Canvas,
    track: Track,
    humidity: Field,
    land: Mask,
    elevation: Field,
    day_of_year: float,
) -> Aerosol:
    """Fill the air with aerosol of the season.

    Extinctions are of the size of the zonal climatology of CALIPSO (Winker et al.,
    doi:10.5194/acp-13-3345-2013), shares by region; particles swell with humidity (Haenel,
    doi:10.1016/S0065-2687(08)60142-9). The stratospheric layer follows the tropics (Kremser et
    al., doi:10.1002/2015RG000511).
    """
    lat, lon = track.latitude, track.longitude
    inland = smoothed(land.astype(np.float32), 15.0)
    above_ground = HEIGHTS - elevation[:, None]
    swell = (1 - np.minimum(humidity, 0.94)) ** -0.4
    depth = 1000 + 200 * smoothed(noise(canvas, "mixing height", 300, 2.4)[:, 0], 6.0)[:, None]
    mixed = _box(above_ground, 0, (0.8 + 0.9 * inland[:, None]) * depth, 180)
    rough = sheets(canvas, "aerosol", 300)

    dust, smoke = (
        np.maximum(world.sum_of(bumps, lat, lon), 0.7 * world.sum_of(bumps, lat, lon + OUTFLOW))
        for bumps in (world.DESERTS, FIRES)
    )
    burning = 0.55 - 0.45 * season(day_of_year) * np.tanh(lat / 6)
    smoke = np.clip(smoke, 0, 1) * np.where(np.abs(lat) > 40, 1.1 - burning, burning)
    city = np.clip(world.sum_of(CITIES, lat, lon), 0, 1)
    everywhere = 0.06 * np.cos(np.radians(lat)) ** 2  # hardly any reaches the poles
    calm = np.exp(0.35 * noise(canvas, "wind speed", 500, 2.4)[:, 0])

    amounts = {
        SEA_SALT: 7e-5 * (calm * (1 - 0.92 * inland))[:, None] * swell * mixed,
        POLLUTION: 1.6e-4 * (everywhere + city * (0.4 + 0.6 * inland))[:, None] * swell * mixed,
        DUST: 1.5e-4 * np.clip(dust, 0, 1)[:, None] * _plume(canvas, "dust", above_ground, 4200),
        SMOKE: 2.2e-4 * smoke[:, None] * _plume(canvas, "smoke", above_ground, 3600),
    }
    parts = {code: amount * np.exp(0.4 * rough) for code, amount in amounts.items()}
    total = np.sum(list(parts.values()), axis=0)
    total = total / (1 + total / THICKEST)
    codes, shares = np.array(list(parts)), np.stack(list(parts.values()))
    kind = codes[shares.argmax(axis=0)]
    kind = np.where(_both(parts[DUST], parts[SMOKE]), DUSTY_SMOKE, kind)
    kind = np.where(_both(parts[DUST], parts[POLLUTION] + parts[SEA_SALT]), DUSTY_MIX, kind)

    tropics = 0.35 + 0.65 * np.exp(-((lat / 25) ** 2))
    haze = np.exp(-(((HEIGHTS - 20_500) / 2600) ** 2)) * (1 + 0.25 * rough)
    sulphate = 1.3e-6 * tropics[:, None] * np.maximum(haze, 0)
    high = HEIGHTS > 15_500
    total = np.where(high, sulphate, total)
    kind = np.where(high, SULPHATE, kind)
    faint = total < np.where(high, 3e-7, 2e-6)
    return Aerosol(
        np.where(faint, 0, total).astype(np.float32), np.where(faint, 0, kind).astype(np.int8)
    )


def _both(one: Field, other: Field) -> Mask:
    """Where two kinds are mixed: each has more than a third of the two."""
    total = np.maximum(one + other, 1e-12)
    return np.asarray((np.minimum(one, other) / total > 0.33) & (total > 1e-6))


def _box(height: Field, low: float, high: Field, soft: float) -> Field:
    """One between two heights, with soft edges, in m."""
    below = 0.5 - 0.5 * np.tanh((height - high) / (2 * soft))
    above = 0.5 - 0.5 * np.tanh((low - height) / (2 * soft))
    return np.asarray(below * above, dtype=np.float32)


def _plume(canvas: Canvas, name: str, height: Field, top: float) -> Field:
    """Layers in the free troposphere, torn into sheets, with a floor in the mixed layer."""
    torn = np.exp(0.9 * sheets(canvas, f"{name} sheets", 700, 32) - 0.3)
    wander = 700 * smoothed(noise(canvas, f"{name} height", 900, 2.6)[:, 0], 20.0)[:, None]
    return np.asarray(torn * _box(height, 150, top + wander, 300), dtype=np.float32)
