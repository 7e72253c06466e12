"""The Earth under the clouds: land, elevation, geoid, and where each kind of cloud is at home.

The tables are round numbers from atlases, made to be recognised and not to be measured: the geoid
and the elevation are right to some tens and some hundreds of metres.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.floating]
#: Centre latitude and longitude, half widths in degrees, height: one Gaussian bump a line.
Bumps = tuple[tuple[float, float, float, float, float], ...]

#: Highs and lows of the geoid in m (EGM96, Lemoine et al. 1998, figure of the geoid).
GEOID: Bumps = (
    (4, 78, 20, 18, -105), (-5, 146, 20, 22, 82), (58, -25, 22, 26, 66), (-48, 42, 16, 28, 48),
    (-18, -68, 18, 10, 42), (60, -88, 18, 20, -50), (-75, -170, 14, 45, -62), (42, 85, 14, 18, -52),
    (24, -66, 14, 12, -58), (28, -130, 18, 22, -46), (44, 12, 12, 14, 42), (0, 0, 22, 14, 16),
    (-25, 168, 14, 18, 42), (-30, 95, 16, 18, -32), (35, 140, 10, 10, 34), (66, 178, 10, 25, 10),
)  # fmt: skip
#: High land in m (any atlas).
MOUNTAINS: Bumps = (
    (32, 88, 7, 14, 4300), (-17, -68, 9, 4, 3600), (-33, -70, 8, 2.5, 2600), (5, -75, 6, 3, 1700),
    (41, -109, 9, 8, 2000), (72, -40, 10, 12, 2600), (-82, 80, 12, 90, 3000), (8, 38, 5, 4, 1900),
    (-3, 33, 8, 6, 1150), (-25, 25, 8, 8, 1050), (35, 52, 6, 12, 1300), (47, 100, 6, 14, 1500),
    (46, 9, 2, 5, 1300), (62, 9, 4, 4, 900), (63, 130, 8, 15, 700), (23, 6, 3, 4, 900),
    (-15, -48, 8, 7, 650), (-4, 140, 2.5, 6, 1500), (10, 8, 2, 3, 700), (22, -102, 6, 4, 1600),
    (-80, -110, 5, 38, 1500),
)  # fmt: skip
#: Marine stratocumulus, as a share of days (Klein and Hartmann,
#: doi:10.1175/1520-0442(1993)006<1587>2.0.CO;2).
STRATOCUMULUS: Bumps = (
    (-14, 4, 10, 13, 0.95), (-20, -84, 10, 14, 0.95), (28, -126, 9, 13, 0.85), (24, -24, 8, 9, 0.6),
    (-29, 106, 8, 10, 0.65), (40, -35, 9, 20, 0.4), (42, 165, 9, 25, 0.45),
)  # fmt: skip
#: Dry land and dry air over it.
DESERTS: Bumps = (
    (23, 10, 7, 28, 1.0), (24, 45, 8, 12, 0.95), (-24, 130, 8, 14, 0.8), (-23, 17, 6, 5, 0.8),
    (42, 85, 7, 20, 0.7), (30, 62, 6, 10, 0.8), (31, -110, 6, 8, 0.7), (-25, -70, 8, 3, 0.8),
)  # fmt: skip


@cache
def _mask() -> npt.NDArray[np.bool_]:
    """Land at 0.05 degree from 90 N, 180 W."""
    with Image.open(Path(__file__).with_name("land_mask.png")) as picture:
        return np.array(picture, dtype=np.bool_)


@cache
def _land_share() -> npt.NDArray[np.float32]:
    """Share of land around the centre of each square degree, over about 400 km."""
    share = _mask().reshape(180, 20, 360, 20).mean((1, 3))
    for axis in (0, 1, 0, 1):
        wrapped = np.pad(share, 1, mode="wrap" if axis else "edge")
        rolled = [np.roll(wrapped, s, axis)[1:-1, 1:-1] for s in (-1, 0, 1)]
        share = np.asarray(sum(rolled) / 3)
    return np.asarray(share, dtype=np.float32)


def near_land(latitude: Array, longitude: Array) -> npt.NDArray[np.float32]:
    """Land mask interpolated between its pixels: 1 on land, 0 at sea, 0.5 at the coast."""
    mask = _mask()
    rows, columns = mask.shape
    y = np.clip(((90 - latitude) * 20 - 0.5).astype(np.float32), 0, rows - 1.001)
    x = ((longitude + 180) * 20 - 0.5).astype(np.float32)
    i, j = y.astype(np.int32), np.floor(x).astype(np.int32)
    fy, fx = y - i, x - j
    j, right = j % columns, (j + 1) % columns
    upper = mask[i, j] * (1 - fx) + mask[i, right] * fx
    lower = mask[i + 1, j] * (1 - fx) + mask[i + 1, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, dtype=np.float32)


def land_share(latitude: Array, longitude: Array) -> Array:
    """How continental points are, 0 to 1, smooth over some 400 km."""
    share = _land_share()
    y, x = np.clip(89.5 - latitude, 0, 178.999), (longitude + 179.5) % 360
    i, j = y.astype(int), x.astype(int) % 360
    fy, fx = y - i, x - np.floor(x)
    right = (j + 1) % 360
    upper = share[i, j] * (1 - fx) + share[i, right] * fx
    lower = share[i + 1, j] * (1 - fx) + share[i + 1, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy)


def sum_of(bumps: Bumps, latitude: Array, longitude: Array) -> Array:
    """Add up Gaussian bumps."""
    total = np.zeros(np.broadcast_shapes(latitude.shape, longitude.shape))
    for lat, lon, half_lat, half_lon, height in bumps:
        east = (longitude - lon + 180) % 360 - 180
        squared = ((latitude - lat) / half_lat) ** 2 + (east / half_lon) ** 2
        total += height * np.exp(-squared)
    return total


def solar_angles(
    seconds_since_2000: Array, latitude: Array, longitude: Array
) -> tuple[Array, Array]:
    """Solar zenith angle, and azimuth clockwise from north, in degrees, good to about 0.1 degree.

    Low-precision formulas of the Astronomical Almanac (Michalsky,
    doi:10.1016/0038-092X(88)90045-X).
    """
    day = seconds_since_2000 / 86400 - 0.5  # from noon of 1 January 2000
    mean_longitude = np.radians(280.460 + 0.9856474 * day)
    anomaly = np.radians(357.528 + 0.9856003 * day)
    ecliptic = mean_longitude + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439)
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    sidereal = np.radians(280.46062 + 360.98564737 * day + longitude)
    phi, hour_angle = np.radians(latitude), sidereal - ascension
    south = np.cos(declination) * np.cos(hour_angle)
    cosine = np.sin(phi) * np.sin(declination) + np.cos(phi) * south
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(phi) * np.sin(declination) - np.sin(phi) * south
    zenith = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return np.asarray(zenith), np.asarray(np.degrees(np.arctan2(east, north)) % 360)
