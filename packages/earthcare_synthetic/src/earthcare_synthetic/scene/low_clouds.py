"""Clouds of the boundary layer: stratocumulus decks, trade cumulus, cumulus over warm land."""

from __future__ import annotations

import numpy as np

from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.fractal import Canvas, Field, cells, enlarge, noise, ramp, streaks
from earthcare_synthetic.scene.regimes import Regimes

#: Diameter of mesoscale cells (Wood, doi:10.1175/MWR-D-11-00121.1: 10 to 50 km).
CELL_KM = 24.0
#: Diameter of the cold pools that push trade cumulus into arcs.
COLD_POOL_KM = 58.0


def low_layer(canvas: Canvas, regimes: Regimes) -> Layer:
    """Stratocumulus and cumulus, in one layer of liquid (or, in the cold, supercooled) water."""
    deck = stratocumulus(canvas, regimes.on(canvas, "stratocumulus"))
    # Under the strong inversion of a deck there is little other cumulus.
    free = regimes.on(canvas, "cumulus") * ramp(deck, 1.0, 0.2)
    maritime, depth_sea = cumulus(canvas, free, "sea", 4.5)
    popcorn, depth_land = cumulus(canvas, regimes.on(canvas, "continental"), "land", 7.5)
    land = regimes.on(canvas, "continental")
    tau = np.maximum(np.maximum(deck, maritime), popcorn)
    broad = noise(canvas, "inversion", 600, 2.6)
    inversion = 1250 + 250 * broad + 25 * noise(canvas, "deck top", 20, 2.0)
    base = np.asarray(inversion * 0.55, dtype=np.float32)
    top = inversion * np.where(deck > 0, 0.9 + 0.1 * ramp(deck, 0, 15), 0)
    sea_top = 700 + 900 * np.sqrt(depth_sea) + 120 * broad
    land_top = 1500 + 1500 * np.sqrt(depth_land) + 200 * broad
    top = np.where(maritime >= np.maximum(deck, popcorn), sea_top, top)
    top = np.where(popcorn > np.maximum(deck, maritime), land_top, top)
    top = np.maximum(top, 250)
    # Droplets grow with the cloud; there are more and smaller ones in continental air.
    radius = 8.2 + 2.4 * np.log1p(tau / 6) + 0.7 * noise(canvas, "droplets", 150, 2.0)
    radius = np.clip(radius * (1 - 0.28 * ramp(land, 0.05, 0.5)), 5, 24)
    return Layer(
        optical_thickness=tau.astype(np.float32),
        top=np.where(tau > 0, top, 0).astype(np.float32),
        base=np.where(tau > 0, np.minimum(base, top - 120), 0).astype(np.float32),
        effective_radius=(radius * 1e-6).astype(np.float32),
        ice=np.zeros(canvas.shape, bool),
    )


def stratocumulus(canvas: Canvas, weight: Field) -> Field:
    """Optical thickness of decks of closed cells, pockets and fields of open cells, broken edges.

    Closed cells are bright polygons with thin gaps, open cells dark polygons with bright walls
    (Wood 2012). A deck ends cell by cell. Optical thickness about 10, and 5/3 structure inside
    cells (Cahalan et al., doi:10.1175/1520-0469(1994)051<2434:TAOFSC>2.0.CO;2).
    """
    half = canvas.at_level(max(canvas.level, 1))
    x, y = half.position_km()
    swirl = 4.5 * noise(half, "cell bend", 90, 2.6)
    nearest, second, value = cells(
        half,
        "mesoscale cells",
        x + swirl,
        y + 4.5 * noise(half, "cell turn", 90, 2.6),
        CELL_KM,
    )
    gap = enlarge(second - nearest, half.stride, canvas)
    middle = enlarge(nearest, half.stride, canvas)
    owner = enlarge(value, half.stride, canvas)
    field = noise(canvas, "deck", 400, 2.0)
    amount = weight - 0.66 + 0.20 * field + 0.2 * (owner - 0.5)
    rough = noise(canvas, "deck turbulence", 10, 2.3)
    broad = noise(canvas, "deck water", 160, 2.2)

    edge = np.clip(0.28 - 0.9 * amount, 0.0, 0.7)
    dome = ramp(gap + 0.07 * rough - edge, -0.06, 0.3)
    crack = ramp(noise(canvas, "cracks", 260, 2.4), -1.2, 1.0)
    closed = (1 - (0.45 + 0.55 * crack) * (1 - dome)) * ramp(amount, -0.02, 0.04)
    closed = closed * np.exp(0.26 * rough + 0.36 * broad) * (0.75 + 0.5 * owner)

    wall = ramp(gap + 0.09 * rough, 0.26, 0.02) * ramp(middle, 0.2, 0.5)
    broken = ramp(noise(canvas, "wall gaps", 14, 2.0), -0.7, 0.7)
    opened = 1.15 * wall * (0.15 + broken) * np.exp(0.5 * rough) * ramp(amount, -0.16, 0.0)
    is_open = ramp(noise(canvas, "open cells", 330, 2.6) - 0.9 * amount, 0.05, 0.3)
    tau = 11.5 * (closed * (1 - is_open) + opened * is_open)
    return np.asarray(np.where(tau > 0.3, tau, 0), dtype=np.float32)


def cumulus(canvas: Canvas, weight: Field, name: str, size_km: float) -> tuple[Field, Field]:
    """Optical thickness and relative depth of scattered cumulus.

    Few large and many small clouds, gathered in streets along the wind and in arcs round cold pools
    (Stevens et al., doi:10.1002/qj.3662: sugar, gravel, flowers, fish).
    """
    half = canvas.at_level(max(canvas.level, 1))
    x, y = half.position_km()
    bend = 7.0 * noise(half, f"{name} pools", 120, 2.4)
    nearest, second, value = cells(half, f"{name} pools", x + bend, y - bend, COLD_POOL_KM)
    arc = ramp(np.abs(second - nearest - 0.08), 0.16, 0.0) * (value > 0.35)
    angle = float(canvas.random(f"{name} wind").uniform(0.2, 1.0))
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    street = streaks(half, f"{name} streets", along, across, 9.0, 3.0)
    gathered = 0.55 * street + 0.9 * arc
    puffs = noise(canvas, f"{name} puffs", size_km, 3.2)
    groups = noise(canvas, f"{name} groups", 150, 2.0)
    s = puffs + 0.65 * groups + enlarge(gathered, half.stride, canvas)
    excess = np.maximum(s - (3.1 - 2.1 * weight), 0) * (weight > 0.03)
    tau = np.minimum(9.0 * excess**1.1 * np.exp(0.5 * excess), 60)
    return tau.astype(np.float32), np.minimum(excess, 3).astype(np.float32)
