"""Polar stratospheric clouds: ice in the cold air above the winter pole."""

from __future__ import annotations

import numpy as np

from earthcare_synthetic.scene.cloud_layer import ICE_DENSITY
from earthcare_synthetic.scene.fractal import Canvas, Field, ramp
from earthcare_synthetic.scene.grid import Track, line_noise, sheets
from earthcare_synthetic.scene.water import Water

#: They form below some 195 K, in air that the winter vortex keeps poleward of 60 degrees (Tritscher
#: et al., doi:10.1029/2020RG000702).
WARMEST, COLDEST, EDGE = 199.0, 194.0, 60.0
#: Heights of their layers, half width of one, and the least height above the tropopause, in m.
LAYERS, HALF_WIDTH, ABOVE_TROPOPAUSE = (16_800.0, 20_000.0, 23_600.0), 1500.0, 5500.0
#: Extinction in m-1 of a typical one, and effective radius in m.
EXTINCTION, RADIUS = 1.2e-5, 6e-6


def make_polar_stratosphere(
    canvas: Canvas, track: Track, temperature: Field, height: Field, tropopause: Field
) -> Water:
    """Ice in layers that rise and sink in waves over hundreds of kilometres; none elsewhere.

    Parameters
    ----------
    canvas : Canvas
        Lattice of the curtain.
    track : Track
        Where the profiles lie.
    temperature, height, tropopause : ndarray
        In K and in m above the geoid, (profile, height); the last one (profile, 1).
    """
    vortex = ramp(np.abs(track.latitude), EDGE, EDGE + 5)[:, None]
    chill = vortex * ramp(temperature, WARMEST, COLDEST)
    nothing = np.zeros(temperature.shape, np.float32)
    if not chill.any():
        return Water(nothing, nothing, nothing, nothing)
    wave = 450 * line_noise(canvas, "mountain waves", 500, 2.2)
    amount = 0.9 * sheets(canvas, "polar stratospheric cloud", 900) - 1.0
    for number, level in enumerate(LAYERS):
        here = 1.3 + 0.7 * line_noise(canvas, f"polar layer {number}", 1500, 2.2)
        off = (height - level - wave[:, None]) / HALF_WIDTH
        amount = amount + here[:, None] * np.exp(-(off**2))
    there = ramp(height - tropopause, ABOVE_TROPOPAUSE, ABOVE_TROPOPAUSE + 1500)
    extinction = EXTINCTION * np.maximum(amount, 0) ** 1.5 * there * chill
    content = np.where(extinction > 2e-7, 2 / 3 * ICE_DENSITY * extinction * RADIUS, 0)
    radius = np.where(content > 0, RADIUS, 0)
    return Water(content.astype(np.float32), radius.astype(np.float32), nothing, nothing)
