"""Does a footprint meet an area? In the plane of longitude and latitude, as GeoJSON draws lines.

Footprints come uncut from ESA MAAP: a swath over the antimeridian jumps from 180 to -180 between
two of its points. `footprint` takes those jumps out, so that longitudes run on past 180, and
`meets` compares the two shapes at every whole turn at which they can touch. An area asked for is
taken as it is drawn: a box whose west is larger than its east crosses the antimeridian, a polygon
may use longitudes beyond 180.

A footprint that goes round a pole is closed over that pole. EarthCARE's do not: its swath stays
short of 85 degrees, and frames C and G turn back beside the pole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A connected piece: rings of a polygon (the first is the outer one), or one open line."""

    rings: tuple[Array, ...]
    area: bool

    @cached_property
    def extent(self) -> tuple[Array, Array]:
        """Smallest and largest longitude and latitude."""
        return self.rings[0].min(axis=0), self.rings[0].max(axis=0)


Shape = tuple[Part, ...]
KINDS = frozenset(
    {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}
    | {"GeometryCollection"}
)


def box(west: float, south: float, east: float, north: float) -> Shape:
    """Area between two meridians and two parallels; over the antimeridian when west > east."""
    east += 360.0 if west > east else 0.0
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return (Part((np.array(corners, dtype=float),), area=True),)


def shape(geometry: dict[str, Any] | None) -> Shape:
    """Parts of a GeoJSON geometry, as drawn.

    Raises
    ------
    ValueError
        When it is not a GeoJSON geometry.
    """
    return tuple(_parts(geometry))


def footprint(geometry: dict[str, Any] | None) -> Shape:
    """Parts of an item's geometry with the jumps at the antimeridian taken out.

    An item without a geometry, or with an odd one, has none: no area finds it.
    """
    try:
        parts = shape(geometry)
    except ValueError:
        return ()
    return tuple(
        Part(tuple(_unwrapped(ring, closed=part.area) for ring in part.rings), part.area)
        for part in parts
    )


def meets(one: Shape, other: Shape) -> bool:
    """Whether two shapes have a point in common; touching counts."""
    return any(_meet(a, b) for a in one for b in other)


def _parts(geometry: Any) -> Iterator[Part]:
    kind: Any = geometry.get("type") if isinstance(geometry, dict) else None
    name = "geometries" if kind == "GeometryCollection" else "coordinates"
    members = geometry.get(name) if kind in KINDS else None
    if not isinstance(members, list) or not members:
        raise ValueError("A GeoJSON geometry with coordinates is needed.")
    # Every kind as the list of its members, so that each has one case.
    if kind == "GeometryCollection":
        for member in members:
            yield from _parts(member)
    elif kind.endswith("Point"):
        for point in members if kind.startswith("Multi") else [members]:
            yield Part((_points([point]),), area=False)
    elif kind.endswith("LineString"):
        for line in members if kind.startswith("Multi") else [members]:
            yield Part((_points(line),), area=False)
    else:
        for polygon in members if kind.startswith("Multi") else [members]:
            rings = tuple(_points(ring) for ring in polygon)
            if not rings:
                raise ValueError("A polygon needs a ring.")
            yield Part(rings, area=True)


def _points(coordinates: Any) -> Array:
    try:
        points = np.array([point[:2] for point in coordinates], dtype=float)
    except (TypeError, ValueError):
        points = np.empty((0, 2))
    if points.ndim != 2 or points.shape[1:] != (2,) or not len(points):
        raise ValueError("Coordinates must be pairs of longitude and latitude.")
    if not np.all(np.isfinite(points)):
        raise ValueError("Coordinates must be finite numbers.")
    return points


def _unwrapped(points: Array, *, closed: bool) -> Array:
    result = points.copy()
    result[:, 0] = np.unwrap(points[:, 0], period=360)
    if closed and abs(result[-1, 0] - result[0, 0]) > 180:  # round a pole: close it over the pole
        pole = 90.0 if result[:, 1].mean() > 0 else -90.0
        ends = [[result[-1, 0], pole], [result[0, 0], pole], result[0]]
        result = np.vstack([result, ends])
    return result


def _meet(a: Part, b: Part) -> bool:
    (a_low, a_high), (b_low, b_high) = a.extent, b.extent
    if a_low[1] > b_high[1] or b_low[1] > a_high[1]:
        return False
    # Whole turns at which the ranges of longitude overlap.
    first = int(np.ceil((a_low[0] - b_high[0]) / 360))
    last = int(np.floor((a_high[0] - b_low[0]) / 360))
    return any(_meet_in_plane(a, b, np.array([360.0 * k, 0.0])) for k in range(first, last + 1))


def _meet_in_plane(a: Part, b: Part, shift: Array) -> bool:
    moved = Part(tuple(ring + shift for ring in b.rings), b.area)
    if any(_cross(p, q) for p in a.rings for q in moved.rings):
        return True
    # No line crosses another: one lies wholly inside the other, or they are apart.
    return _inside(a, moved.rings[0][0]) or _inside(moved, a.rings[0][0])


def _segments(points: Array) -> tuple[Array, Array]:
    if len(points) == 1:
        return points, points
    return points[:-1], points[1:]


def _cross(a: Array, b: Array) -> bool:
    """Whether a segment of one line has a point in common with a segment of the other."""
    p, q = (v[:, None, :] for v in _segments(a))
    r, s = (v[None, :, :] for v in _segments(b))

    apart = np.any(
        (np.maximum(p, q) < np.minimum(r, s)) | (np.maximum(r, s) < np.minimum(p, q)), axis=-1
    )
    split = (_side(p, q, r) * _side(p, q, s) <= 0) & (_side(r, s, p) * _side(r, s, q) <= 0)
    return bool(np.any(split & ~apart))


def _inside(part: Part, point: Array) -> bool:
    return part.area and bool(_many_inside(point[None], part.rings)[0])


def many_meet(outlines: Array, area: Part, *, closed: bool) -> npt.NDArray[np.bool_]:
    """Whether each of many footprints of one kind has a point in common with a part of an area.

    Parameters
    ----------
    outlines : ndarray, shape (n, m, 2)
        Longitude and latitude, which run on over the antimeridian.
    area : Part
        What they may meet, at any whole turn.
    closed : bool
        Whether the outlines are rings, so that what lies inside belongs to them.
    """
    (west, south), (east, north) = area.extent
    low, high = outlines.min(axis=1), outlines.max(axis=1)
    first = np.ceil((low[:, 0] - east) / 360).astype(int)
    last = np.floor((high[:, 0] - west) / 360).astype(int)
    possible = (low[:, 1] <= north) & (high[:, 1] >= south)
    found = np.zeros(len(outlines), dtype=bool)
    for turn in range(int(first.min(initial=0)), int(last.max(initial=-1)) + 1):
        some = np.flatnonzero(~found & possible & (first <= turn) & (turn <= last))
        if not len(some):
            continue
        rings = tuple(ring + np.array([360.0 * turn, 0.0]) for ring in area.rings)
        found[some] = _many_meet_in_plane(outlines[some], rings, area.area, closed)
    return found


def any_inside(several: Array, area: Part) -> npt.NDArray[np.bool_]:
    """Whether one of the points of each of many footprints, shape (n, m, 2), is in an area.

    A point counts at the first whole turn from the west of the area on, and at no other.
    """
    west = area.extent[0][0]
    turned = np.stack([west + (several[..., 0] - west) % 360, several[..., 1]], axis=-1)
    inside = _many_inside(turned.reshape(-1, 2), area.rings)
    return np.asarray(inside.reshape(several.shape[:2]).any(axis=1))


def _many_meet_in_plane(
    outlines: Array, rings: tuple[Array, ...], area: bool, closed: bool
) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(outlines), dtype=bool)
    if area:
        found = _many_inside(outlines[:, 0], rings)
    if closed:
        rest = np.flatnonzero(~found)
        found[rest] = _inside_each(outlines[rest], rings[0][0])
    rest = np.flatnonzero(~found)
    p, q = outlines[rest, :-1], outlines[rest, 1:]
    west_south, east_north = rings[0].min(axis=0), rings[0].max(axis=0)
    near = (np.minimum(p, q) <= east_north) & (np.maximum(p, q) >= west_south)
    which, step = np.nonzero(near.all(axis=-1))
    p, q = p[which, step], q[which, step]
    crossed = np.zeros(len(p), dtype=bool)
    for ring in rings:
        for start, end in zip(*_segments(ring), strict=True):
            crossed |= _cross_segment(p, q, start, end)
    found[rest[which[crossed]]] = True
    return found


def _inside_each(outlines: Array, point: Array) -> npt.NDArray[np.bool_]:
    """Whether a point is inside each ring."""
    x, y = point
    (x0, y0), (x1, y1) = np.moveaxis(outlines[:, :-1], 2, 0), np.moveaxis(outlines[:, 1:], 2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    odd = np.count_nonzero(((y0 > y) != (y1 > y)) & (x < at), axis=1)
    return np.asarray(odd % 2 == 1)


def _cross_segment(p: Array, q: Array, start: Array, end: Array) -> npt.NDArray[np.bool_]:
    """Whether segments from p to q have a point in common with one segment."""
    apart = np.any(
        (np.maximum(p, q) < np.minimum(start, end)) | (np.maximum(start, end) < np.minimum(p, q)),
        axis=-1,
    )
    split = (_side(p, q, start) * _side(p, q, end) <= 0) & (
        _side(start, end, p) * _side(start, end, q) <= 0
    )
    return np.asarray(split & ~apart)


def _side(start: Array, end: Array, point: Array) -> Array:
    """Positive where a point lies to the left of the way from one point to another."""
    d, e = end - start, point - start
    result: Array = d[..., 0] * e[..., 1] - d[..., 1] * e[..., 0]
    return result


def _many_inside(points: Array, rings: tuple[Array, ...]) -> npt.NDArray[np.bool_]:
    """Even-odd rule over all rings, so that a hole is outside."""
    x, y = points.T
    odd = np.zeros(len(points), dtype=int)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(*_segments(ring), strict=True):
            if y0 != y1:
                at = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
                odd += ((y0 > y) != (y1 > y)) & (x < at)
    return np.asarray(odd % 2 == 1)
