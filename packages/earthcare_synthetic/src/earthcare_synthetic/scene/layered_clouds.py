"""Clouds of fronts and of the middle levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.fractal import Canvas, Field, cells, enlarge, noise, ramp, streaks
from earthcare_synthetic.scene.regimes import Regimes

#: A front is drawn no further along the track than this.
REACH_KM = 900.0
#: Fronts belong to the air of the middle latitudes: none is higher than its tropopause, in m.
CEILING = 12_000.0
#: Rise of the warm front's surface in m per km (Hobbs 1978: 1 in 50 to 1 in 150).
SLOPE = 16.0


@dataclass(frozen=True)
class Fronts:
    """Frontal cloud: optical thickness, and its top and base in m above the geoid."""

    optical_thickness: Field
    top: Field
    base: Field


def fronts(canvas: Canvas, regimes: Regimes, tropopause: Field) -> Fronts:
    """Frontal bands: low cloud at the back, rain bands inside, a cirrus shield ahead.

    The top rises from the cold air at the back to the tropopause above the rain. Ahead of the rain
    the base rises with the surface of the warm front, so that the cloud ends as cirrus.

    After the Norwegian model with mesoscale rain bands (Hobbs, doi:10.1029/RG016i004p00741).
    """
    shape = canvas.shape
    tau, top, base = (np.zeros(shape, np.float32) for _ in range(3))
    ceiling = np.minimum(tropopause, np.float32(CEILING))
    rng = canvas.random("fronts")
    length = canvas.lines * canvas.pixel_km
    x, y = canvas.position_km()
    place, lines = float(rng.uniform(-400, 500)), []
    while place < length + 400:
        lines.append((place, *rng.random(4)))
        place += float(rng.uniform(650, 1300))
    weights = regimes.frontal.mean(axis=1)
    for place, luck, turn, width, power in lines:
        row = int(np.clip(place / length * len(weights), 0, len(weights) - 1))
        if luck > float(weights[row]):
            continue
        rows = slice(
            max(int((place - REACH_KM) / canvas.step_km), 0),
            max(min(int((place + REACH_KM) / canvas.step_km), shape[0]), 0),
        )
        if rows.start >= rows.stop:
            continue
        part = _one_front(canvas, rows, x, y, (place, turn, width, power), ceiling[rows])
        lower = (tau[rows] == 0) | (part.base < base[rows])
        base[rows] = np.where((part.optical_thickness > 0) & lower, part.base, base[rows])
        tau[rows] += part.optical_thickness
        top[rows] = np.maximum(top[rows], part.top)
    return Fronts(tau, top, base)


def _one_front(
    canvas: Canvas,
    rows: slice,
    x: Field,
    y: Field,
    front: tuple[float, float, float, float],
    ceiling: Field,
) -> Fronts:
    place, turn, width, power = front
    angle = np.radians(20 + 45 * turn) * (1 if turn * 10 % 1 > 0.5 else -1)
    name = f"front {place:.3f}"
    meander = 28 * noise(canvas, "meander", 350, 2.8)[rows]
    frayed = 7 * noise(canvas, "frayed", 50, 2.0)[rows]
    s = (x[rows] - place) * np.cos(angle) + y * np.sin(angle) + meander + frayed
    along = y * np.cos(angle) - (x[rows] - place) * np.sin(angle)
    sign = 1 if power * 10 % 1 > 0.5 else -1
    s = sign * s
    band = 60 + 110 * width
    bands = streaks(canvas, name, along, s, 42, 4.0, 2.0)
    fine = streaks(canvas, name + " fine", along, s, 8, 7.0, 1.8)
    ends = ramp(np.abs(x[rows] - place), REACH_KM, 0.6 * REACH_KM)
    core = ramp(s, -70, 40) * ramp(s, band * 1.5, band * 0.6) * ends
    shield = ramp(s, 0, 40) * np.exp(-np.maximum(s - band, 0) / 120) * ramp(s, 520, 300) * ends
    tau = (14 + 26 * power) * core * np.exp(0.55 * bands + 0.2 * fine)
    tau = tau + 5.5 * shield * np.exp(0.5 * bands + 0.5 * fine) * ramp(
        shield + 0.16 * bands, 0.08, 0.5
    )
    top = ceiling * (0.22 + 0.70 * ramp(s, -80, band)) + 400 * bands + 200 * fine
    base = 700 + SLOPE * np.maximum(s - 0.8 * band, 0) + 250 * np.abs(bands)
    base = np.minimum(base, np.maximum(top - 400, 300))
    cloudy = tau > 0.03
    return Fronts(
        *(
            np.where(cloudy, each, 0).astype(np.float32)
            for each in (tau, np.minimum(top, ceiling), base)
        )
    )


def midlevel(canvas: Canvas, weight: Field) -> tuple[Field, Field]:
    """Optical thickness of altocumulus and altostratus, and a smooth number for their height.

    Altocumulus comes in cells and billows of 3 to 8 km, altostratus in smooth veils.
    """
    half = canvas.at_level(max(canvas.level, 1))
    x, y = half.position_km()
    bend = 1.2 * noise(half, "billow bend", 40, 2.2)
    angle = float(canvas.random("billows").uniform(0, np.pi))
    along = (x * np.cos(angle) + y * np.sin(angle)) * 0.55
    across = y * np.cos(angle) - x * np.sin(angle)
    nearest, second, _ = cells(half, "mackerel sky", along + bend, across - bend, 5.0)
    rolls = enlarge(ramp(second - nearest, 0.02, 0.35), half.stride, canvas)
    sheets = noise(canvas, "mid sheets", 260, 2.1)
    fine = noise(canvas, "mid fine", 6, 5 / 3)
    character = ramp(noise(canvas, "mid character", 500, 2.6), -0.3, 0.5)
    amount = sheets + 2.3 * weight - 1.75
    veil = ramp(amount, 0.0, 1.3)
    lumpy = ramp(amount + 0.35 * (rolls - 0.5) + 0.1 * fine, -0.05, 0.5) * (0.25 + 0.75 * rolls)
    tau = character * 6.5 * lumpy * np.exp(0.3 * fine) + (1 - character) * 11 * veil**1.4
    level = noise(canvas, "mid level", 700, 2.6)
    return np.where(tau > 0.15, tau, 0).astype(np.float32), level
