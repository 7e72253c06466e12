"""Lines on the sphere: along a granule's footprint, and from there to an area."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

EARTH_RADIUS = 6371.0  # km, of a sphere
HORIZON = 0.833  # degrees that the Sun's centre is below the horizon at sunrise


def along_great_circles(
    longitude: np.ndarray, latitude: np.ndarray, step: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Put points between those given, along the shortest way on a sphere.

    A footprint has a corner every few degrees. Straight lines between them on a map would cut
    across a turn near a pole, and across the whole map at 180 degrees.

    Parameters
    ----------
    longitude, latitude : numpy.ndarray
        Corners (n,), in degrees.
    step : float, optional
        Points are about this many degrees apart.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude and latitude (m,) in degrees; longitude without jumps, so it may pass 180.
    """
    corners = on_sphere(longitude, latitude)
    angles = np.degrees(apart_km(corners[1:], corners[:-1]) / EARTH_RADIUS)
    gone = np.r_[0, np.cumsum(angles)]
    wanted = np.union1d(gone, np.arange(0, gone[-1], step))
    # The straight line between two corners runs through the Earth, below their great circle.
    x, y, z = (np.interp(wanted, gone, part) for part in corners.T)
    east = np.unwrap(np.degrees(np.arctan2(y, x)), period=360)
    return east - 360 * np.round(east.mean() / 360), np.degrees(np.arctan2(z, np.hypot(x, y)))


def outlines(geometry: dict[str, Any] | None) -> list[np.ndarray]:
    """Return the outer rings and lines of a GeoJSON geometry: longitude, latitude, (n, 2) each."""
    told = geometry or {}
    kind, points = told.get("type"), told.get("coordinates") or []
    if kind == "GeometryCollection":
        return [line for part in told.get("geometries", []) for line in outlines(part)]
    if kind in ("LineString", "Polygon"):
        points = [points]
    if kind in ("Polygon", "MultiPolygon"):
        points = [rings[0] for rings in points if rings]
    elif kind not in ("LineString", "MultiLineString"):
        points = []
    return [np.array([corner[:2] for corner in line], float) for line in points if len(line) > 1]


def distance_km(geometry: dict[str, Any] | None, box: Sequence[float]) -> float | None:
    """Return how far a footprint passes from a box (west, south, east, north) off it, in km."""
    tracks = [
        on_sphere(*along_great_circles(line[:, 0], line[:, 1], step=0.5))
        for line in outlines(geometry)
    ]
    west, south, east, north = box
    lon, lat = np.linspace(west, east, 361), np.linspace(south, north, 361)
    sides: list[tuple[Any, Any]] = [(lon, south), (lon, north), (west, lat), (east, lat)]
    edge = np.vstack([on_sphere(*side) for side in sides])
    near = [EARTH_RADIUS * float(np.arccos(np.clip((t @ edge.T).max(), -1, 1))) for t in tracks]
    return min(near, default=None)


def on_sphere(longitude: np.ndarray | float, latitude: np.ndarray | float) -> np.ndarray:
    """Return unit vectors (..., 3)."""
    lon, lat = np.broadcast_arrays(np.radians(longitude), np.radians(latitude))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def apart_km(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return distances (...) on the sphere in km, of unit vectors (..., 3)."""
    chord = np.linalg.norm(one - other, axis=-1)
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.minimum(1, chord / 2)))


def site_vector(latitude: float, longitude: float, radius_km: float) -> np.ndarray:
    """Check a place and a radius, and return the unit vector of the place."""
    if not -90 <= latitude <= 90:
        raise ValueError(f"A latitude lies between -90 and 90 degrees: not {latitude:g}.")
    if not -360 <= longitude <= 360:
        raise ValueError(f"A longitude lies between -180 and 180 degrees: not {longitude:g}.")
    if not 0 < radius_km < np.pi * EARTH_RADIUS:
        raise ValueError(f"radius_km is above 0, and on the Earth: not {radius_km:g}.")
    return on_sphere(longitude, latitude)


def place_name(latitude: float, longitude: float) -> str:
    """Write a place, such as "9.5°S, 170°E"."""
    east = (longitude + 180) % 360 - 180
    return f"{abs(latitude):g}°{'NS'[latitude < 0]}, {abs(east):g}°{'EW'[east < 0]}"


def sun_is_up(
    time: datetime, latitude: np.ndarray | float, longitude: np.ndarray | float
) -> np.ndarray:
    """Tell where (degrees) the Sun is up at a time (UTC): Astronomical Almanac, low precision."""
    days = (time - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    ecliptic = 280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    tilt, ecliptic = np.radians(23.439), np.radians(ecliptic)
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    greenwich = np.radians((18.697374558 + 24.06570982441908 * days) % 24 * 15)
    lat, hour = np.radians(latitude), greenwich + np.radians(longitude) - ascension
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(hour)
    up: np.ndarray = np.degrees(np.arcsin(height)) > -HORIZON
    return up
