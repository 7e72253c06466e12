"""Aerosol layers: which kind is where, how much of it, and how the wind has shaped it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.atmosphere import season
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, ramp
from earthcare_synthetic.scene.grid import HEIGHTS, Track, line_noise, sheets, smoothed

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
#: Where summer lifts the dust of a desert over the sea: west of the Sahara, south-east of Arabia.
OUTFLOWS: world.Bumps = ((17, -32, 8, 24, 1.0), (18, 61, 6, 8, 0.7))  # fmt: skip
#: Largest extinction of haze in m-1: more happens in storms and next to fires only.
THICKEST = 1.2e-3
#: Trades carry smoke this far west of its source, in degrees; Harmattan carries dust, near the
#: ground, this far to the south-west of a desert (latitude, longitude).
SMOKE_OUTFLOW, HARMATTAN = 16.0, (11.0, 10.0)
#: Top of the dust in m: over the sea away from deserts, over a desert in winter and in summer.
DUST_AT_SEA, DUST_IN_WINTER, DUST_IN_SUMMER = 1400.0, 3200.0, 5200.0
#: Smoke is lifted up to this height in m.
SMOKE_TOP = 3800.0


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
    """Fill the air with aerosol of the season, in two layers: the mixed one, and a lifted one.

    Each layer is of one kind at a place. Over a desert dust is mixed and lifted to some kilometres;
    elsewhere it stays near the ground, but for the summer outflows over the sea (Prospero and
    Carlson, doi:10.1029/JC077i027p05255). Extinctions are of the size of the zonal climatology of
    CALIPSO (Winker et al., doi:10.5194/acp-13-3345-2013), shares by region; particles swell with
    humidity (Haenel, doi:10.1016/S0065-2687(08)60142-9). The stratospheric layer follows the
    tropics (Kremser et al., doi:10.1002/2015RG000511).
    """
    lat = track.latitude
    inland = smoothed(land.astype(np.float32), 15.0)
    above_ground = HEIGHTS - elevation[:, None]
    swell = (1 - np.minimum(humidity, 0.94)) ** -0.4
    wander = smoothed(line_noise(canvas, "mixing height", 300, 2.4), 6.0)
    top = (0.8 + 0.9 * inland) * (1000 + 200 * wander)
    amounts = _amounts(canvas, track, inland, day_of_year)
    rough = sheets(canvas, "aerosol", 300)

    low = {code: amounts.mixed[code] for code in (SEA_SALT, POLLUTION, DUST, SMOKE)}
    dust_top = np.minimum(1.3 * top, DUST_AT_SEA + 600 * inland)
    mixed = (low[SEA_SALT] + low[POLLUTION])[:, None] * swell * _box(above_ground, top, 180)
    mixed = mixed + low[SMOKE][:, None] * _box(above_ground, top, 180)
    mixed = mixed + low[DUST][:, None] * _box(above_ground, dust_top, 90)
    torn = np.exp(0.6 * sheets(canvas, "plumes", 900, 32) - 0.2)
    above_mixed = 0.5 + 0.5 * np.tanh((above_ground - top[:, None]) / 300)
    lifted = sum(
        amount[:, None] * _box(above_ground, amounts.tops[code], 250)
        for code, amount in amounts.lifted.items()
    )
    total = (mixed + lifted * torn * (0.25 + 0.75 * above_mixed)) * np.exp(0.35 * rough)
    total = total / (1 + total / THICKEST)
    ground_kind, lifted_kind = _kind(low), _kind(amounts.lifted)
    edge = np.maximum(top, np.where(low[DUST] > 1e-5, dust_top, 0))
    kind = np.where(above_ground > edge[:, None] + 150, lifted_kind[:, None], ground_kind[:, None])

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


@dataclass(frozen=True)
class _Amounts:
    """Extinction in m-1 of each kind in the mixed and in the lifted layer, and tops of the latter.

    All (profile,).
    """

    mixed: dict[int, Field]
    lifted: dict[int, Field]
    tops: dict[int, Field]


def _amounts(canvas: Canvas, track: Track, inland: Field, day_of_year: float) -> _Amounts:
    lat, lon = track.latitude, track.longitude
    summer = 0.5 + 0.5 * season(day_of_year) * np.tanh(lat / 6)  # of the own hemisphere
    desert = np.clip(world.sum_of(world.DESERTS, lat, lon), 0, 1) * inland
    south_west = world.sum_of(world.DESERTS, lat + HARMATTAN[0], lon + HARMATTAN[1])
    blown = 0.7 * np.clip(south_west, 0, 1) * (1 - summer) * (np.abs(lat) < 40)
    outflow = np.clip(1.1 * world.sum_of(OUTFLOWS, lat, lon) - 0.1, 0, 1)
    outflow = outflow * (1 - inland) * ramp(summer, 0.45, 0.85)

    fires = np.maximum(
        world.sum_of(FIRES, lat, lon), 0.7 * world.sum_of(FIRES, lat, lon + SMOKE_OUTFLOW)
    )
    burning = 0.55 - 0.45 * season(day_of_year) * np.tanh(lat / 6)
    smoke = np.clip(fires, 0, 1) * np.where(np.abs(lat) > 40, 1.1 - burning, burning)
    city = np.clip(world.sum_of(CITIES, lat, lon), 0, 1) * (0.4 + 0.6 * inland)
    everywhere = 0.06 * np.cos(np.radians(lat)) ** 2  # hardly any reaches the poles

    def some(amount: npt.NDArray[np.floating], name: str, spread: float, length: float) -> Field:
        """Events come and go: weather at all scales, with sharp rises now and then."""
        event = smoothed(line_noise(canvas, f"{name} events", length), 2.0)
        sharp = np.exp(spread * event) * (0.7 + 0.6 * ramp(event, 0.1, 0.9))
        return np.asarray(amount * sharp, dtype=np.float32)

    dust, plume = some(1.3e-4 * np.maximum(desert, outflow), "dust", 0.45, 1400), 1.7e-4 * smoke
    plume = some(plume, "smoke", 0.5, 1100)
    height = 500 * smoothed(line_noise(canvas, "plume height", 900, 2.6), 20.0)
    over_land = DUST_AT_SEA + desert * (
        DUST_IN_WINTER - DUST_AT_SEA + (DUST_IN_SUMMER - DUST_IN_WINTER) * summer
    )
    over_sea = DUST_AT_SEA + 3200 * outflow
    return _Amounts(
        mixed={
            SEA_SALT: some(7e-5 * (1 - 0.98 * inland), "salt", 0.4, 800),
            POLLUTION: some(1.6e-4 * (everywhere + city), "pollution", 0.4, 600),
            DUST: some(1.5e-4 * np.maximum(desert, blown), "low dust", 0.5, 1200),
            SMOKE: 0.4 * plume,
        },
        lifted={DUST: dust, SMOKE: plume},
        tops={
            DUST: np.maximum(over_land, over_sea) + height * np.clip(desert + outflow, 0, 1),
            SMOKE: SMOKE_TOP + 1.4 * height,
        },
    )


def _kind(amounts: dict[int, Field]) -> npt.NDArray[np.int8]:
    """Kind of a layer at each place: what most of it is over some 30 km, or a mixture."""
    even = {code: smoothed(amount, 12.0) for code, amount in amounts.items()}
    codes = np.array(list(even))
    kind = codes[np.argmax(list(even.values()), axis=0)]
    dust, smoke = even[DUST], even[SMOKE]
    others = sum(even[code] for code in even if code not in (DUST, SMOKE)) + np.zeros_like(dust)
    kind = np.where(_both(dust, others) & (smoke < others), DUSTY_MIX, kind)
    kind = np.where(_both(dust, smoke) & (others <= smoke), DUSTY_SMOKE, kind)
    return kind.astype(np.int8)


def _both(one: Field, other: Field) -> Mask:
    """Where two kinds are mixed: each has more than a third of the two."""
    total = np.maximum(one + other, 1e-12)
    return np.asarray((np.minimum(one, other) / total > 0.33) & (total > 1e-6))


def _box(height: Field, top: Field, soft: float) -> Field:
    """One from the ground to the tops (profile,), with a soft edge, in m."""
    return np.asarray(0.5 - 0.5 * np.tanh((height - top[:, None]) / (2 * soft)), dtype=np.float32)
