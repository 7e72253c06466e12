"""Lines on the sphere: along a granule's footprint, and from there to an area."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

EARTH_RADIUS = 6371.0  # km, of a sphere


def along_great_circles(
    longitude: Array, latitude: Array, step: float = 1.0
) -> tuple[Array, Array]:
    """Put points between those given, along the shortest way on a sphere.

    A footprint has a corner every few degrees. Straight lines between them on a map would cut
    across a turn near a pole, and across the whole map at 180 degrees.

    Parameters
    ----------
    longitude, latitude : numpy.ndarray
        Corners (n,), in degrees.
    step : float, optional
        Points are at most this many degrees apart.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude and latitude (m,) in degrees; longitude without jumps, so it may pass 180.
    """
    corners = _on_sphere(longitude, latitude)
    pieces = []
    for a, b in itertools.pairwise(corners):
        angle = np.arccos(np.clip(a @ b, -1, 1))
        share = np.linspace(0, 1, int(np.ceil(np.degrees(angle) / step)) + 1)[:-1, None]
        pieces.append(
            a if angle < 1e-9 else np.sin((1 - share) * angle) * a + np.sin(share * angle) * b
        )
    x, y, z = np.vstack([*pieces, corners[-1]]).T
    east = np.unwrap(np.degrees(np.arctan2(y, x)), period=360)
    return east - 360 * np.round(east.mean() / 360), np.degrees(np.arctan2(z, np.hypot(x, y)))


def distance_km(geometry: dict[str, Any], box: Sequence[float]) -> float:
    """Return how far a footprint passes from a box that it does not touch, within some km.

    Parameters
    ----------
    geometry : dict
        GeoJSON Polygon or LineString.
    box : (west, south, east, north)
        In degrees, west below east.
    """
    points: Any = geometry["coordinates"]
    corners = np.asarray(points[0] if geometry["type"] == "Polygon" else points, dtype=float)
    track = _on_sphere(*along_great_circles(corners[:, 0], corners[:, 1], step=0.5))
    west, south, east, north = box
    lon, lat = (np.linspace(first, last, 361) for first, last in ((west, east), (south, north)))
    edge = np.vstack([_on_sphere(lon, lat[[0]]), _on_sphere(lon, lat[[-1]])])
    edge = np.vstack([edge, _on_sphere(lon[[0]], lat), _on_sphere(lon[[-1]], lat)])
    return EARTH_RADIUS * float(np.arccos(np.clip((track @ edge.T).max(), -1, 1)))


def _on_sphere(longitude: Array, latitude: Array) -> Array:
    """Return unit vectors (n, 3)."""
    lon, lat = np.broadcast_arrays(np.radians(longitude), np.radians(latitude))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
