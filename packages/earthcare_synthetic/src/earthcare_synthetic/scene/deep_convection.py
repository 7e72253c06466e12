"""Deep convection: cores, anvils with soft edges, and the cirrus that flows out of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.fractal import Canvas, Field, enlarge, noise, ramp, streaks
from earthcare_synthetic.scene.regimes import Regimes

#: One candidate system per square of this side; the regime decides how many of them live.
SPACING_KM = 92.0


@dataclass(frozen=True)
class System:
    """A convective system: place (km along and across), radius, shear, strength and age 0 to 1."""

    x: float
    y: float
    radius: float
    stretch: float
    strength: float
    age: float
    cores: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Convection:
    """Optical thickness, top and thickness in m of the anvils and cores; `outflow` feeds cirrus."""

    optical_thickness: Field
    top: Field
    thickness: Field
    outflow: Field


def systems(canvas: Canvas, regimes: Regimes) -> list[System]:
    """Scatter convective systems where the regime allows, also beside the swath.

    Sizes are lognormal, cores are more and larger in larger systems (Houze,
    doi:10.1029/2004RG000150).
    """
    rng = canvas.random("convective systems")
    length, width = canvas.lines * canvas.pixel_km, canvas.columns * canvas.pixel_km
    margin = 160.0
    area = (length + 2 * margin) * (width + 2 * margin)
    found = []
    for _ in range(round(area / SPACING_KM**2)):
        x, y = rng.uniform(-margin, length + margin), rng.uniform(-margin, width + margin)
        luck, size, stretch, strength, age = rng.random(5)
        count_luck = rng.random(60).reshape(15, 4)
        rows, columns = regimes.deep.shape
        i = int(np.clip(x / length * (rows - 1), 0, rows - 1))
        j = int(np.clip(y / width * (columns - 1), 0, columns - 1))
        weight = float(regimes.deep[i, j])
        land = float(regimes.continental[i, j])
        if luck > weight * (0.75 + 0.7 * land):
            continue
        radius = float(np.exp(np.log(28.0) + 1.5 * (size - 0.35) + 0.9 * weight)) * (1 - 0.3 * land)
        radius = min(radius, 150.0)
        cores = []
        for u, v, r, power in count_luck[: int(np.clip(radius / 7, 2, 15))]:
            angle, distance = 2 * np.pi * u, radius * 0.62 * np.sqrt(v)
            cores.append(
                (
                    float(distance * np.cos(angle) - 0.22 * radius),
                    float(distance * np.sin(angle) * 0.8),
                    float(3.0 + 8.0 * r**2 + radius * 0.03),
                    float(0.35 + 0.65 * power),
                )
            )
        found.append(
            System(x, y, radius, 1.15 + 0.9 * stretch, 0.35 + 0.65 * strength, age, tuple(cores))
        )
    return found


def wind_aloft(canvas: Canvas) -> float:
    """Direction in which ice cloud is drawn out, in radians from the direction of flight."""
    return float(canvas.random("shear").uniform(0, 2 * np.pi))


def deep_convection(canvas: Canvas, regimes: Regimes) -> Convection:
    """Draw every system; where two overlap, the thicker counts, the higher top is seen."""
    shape = canvas.shape
    tau, top = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    thickness, outflow = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    found = systems(canvas, regimes)
    if not found:
        return Convection(tau, top, thickness, outflow)
    x, y = canvas.position_km()
    bend_x, bend_y = noise(canvas, "anvil x", 160, 2.5), noise(canvas, "anvil y", 160, 2.5)
    boil_x, boil_y = noise(canvas, "boil x", 10, 2.4), noise(canvas, "boil y", 10, 2.4)
    lumps = noise(canvas, "lumps", 8, 2.2)
    rain = noise(canvas, "anvil water", 60, 5 / 3)
    tropopause = regimes.atmosphere_on(canvas).tropopause
    cos, sin = np.cos(wind_aloft(canvas)), np.sin(wind_aloft(canvas))
    half = canvas.at_level(max(canvas.level, 1))
    hx, hy = half.position_km()
    wisps = streaks(half, "anvil wisps", hx * cos + hy * sin, hy * cos - hx * sin, 14, 5.0, 2.0)
    wisps = enlarge(wisps, half.stride, canvas)
    for system in found:
        reach = 2.6 * system.radius * system.stretch
        low, high = ((system.x + side * reach) / canvas.step_km for side in (-1, 1))
        rows = slice(max(int(low), 0), min(int(high) + 1, shape[0]))
        if rows.start >= rows.stop:
            continue
        dx = x[rows] - system.x + 0.38 * system.radius * bend_x[rows]
        dy = y - system.y + 0.38 * system.radius * bend_y[rows]
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        length = np.where(u > 0, system.radius * system.stretch, 0.8 * system.radius)
        r = np.sqrt((u / length) ** 2 + (v / system.radius) ** 2)
        r = r + (0.05 + 0.12 * ramp(u, -length.min(), length.max())) * wisps[rows]
        body = np.clip(1 - r * r, 0, 1)
        fresh = 1 - 0.6 * system.age
        layer = (4 + 18 * system.strength * fresh) * body**1.7 * np.exp(0.4 * rain[rows])
        layer += 1.3 * np.exp(-(((r - 0.7) / 0.3) ** 2)) * ramp(r, 1.25, 0.8)
        lift = np.zeros_like(r)
        for core_u, core_v, size, power in system.cores:
            du, dv = (
                u - core_u + 0.45 * size * boil_x[rows],
                v - core_v + 0.45 * size * boil_y[rows],
            )
            core = np.exp(-np.minimum((du * du + dv * dv) / (size * size), 30))
            layer += (170 * power * fresh * system.strength) * core * np.exp(0.5 * lumps[rows])
            lift = np.maximum(lift, power * core)
        sky = tropopause[rows]
        ceiling = sky * (0.72 + 0.17 * system.strength) - 900 * system.age
        height = ceiling - 1700 * np.minimum(r, 1.6) ** 2 + 110 * rain[rows]
        height = height + (2300 * fresh * system.strength) * lift * (0.8 + 0.25 * lumps[rows])
        layer = np.where(layer > 0.02, layer, 0)
        # The anvil of one system spreads under that of another rather than through it.
        tau[rows] = np.maximum(tau[rows], layer) + 0.3 * np.minimum(tau[rows], layer)
        top[rows] = np.maximum(top[rows], np.where(layer > 0, height, 0))
        # An anvil is thin where it ends, and thickens towards the cores.
        depth = (700 + 4500 * body) * (0.45 + 0.55 * ramp(layer, 0.2, 9))
        depth = depth + 9000 * np.minimum(lift * 1.5, 1)
        thickness[rows] = np.maximum(thickness[rows], np.where(layer > 0, depth, 0))
        outflow[rows] = np.maximum(outflow[rows], np.exp(-((r / 1.9) ** 2)))
    return Convection(tau, top, thickness, outflow)


def cirrus(canvas: Canvas, weight: Field, outflow: Field) -> Field:
    """Optical thickness of cirrus: filaments drawn out by shear, thicker downwind of anvils."""
    half = canvas.at_level(max(canvas.level, 1))  # filaments are wider than two pixels
    x, y = half.position_km()
    angle = wind_aloft(canvas)
    curve = 55 * noise(half, "jet curve", 900, 3.0)
    hook = 1.6 * noise(half, "fall streaks", 30, 2.4)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle) + curve + hook
    wide = streaks(half, "cirrus bands", along, across, 70, 5.0, 2.2)
    fine = streaks(half, "cirrus filaments", along, across + hook, 9, 9.0, 1.8)
    banks = noise(canvas, "cirrus banks", 350, 2.2)
    wide, fine = enlarge(wide, half.stride, canvas), enlarge(fine, half.stride, canvas)
    amount = 0.75 * wide + 0.35 * fine + 0.7 * banks + 2.4 * weight + 1.5 * outflow - 2.1
    tau = 1.1 * np.maximum(amount, 0) ** 1.4 * np.exp(0.45 * fine)
    return np.asarray(np.where(tau > 0.02, tau, 0), dtype=np.float32)
