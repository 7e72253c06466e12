"""Footprints of frames as ESA MAAP draws them: a point every 77 s, six decimals, uncut.

The ring of a swath runs down its right edge, over the last nadir point, back up its left edge and
over the first nadir point, as in the one ring that is public. A line follows the track; that of a
product of a whole orbit goes once round the Earth from the ascending node.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.ground_track import PERIOD, beside, node_longitude, orbit_time, track
from maap_replay.archive import frames, geometry

Json = dict[str, Any]
Floats = npt.NDArray[np.float64]
Shape = Literal["line", "swath", "orbit", "none"]

#: Swath of MSI beside the track, in km to the left and right of flight.
LEFT_KM, RIGHT_KM = 121.0, 41.0
#: Seconds from one point of a whole orbit to the next, and points of a frame.
STEP, POINTS = 77.3, 10
#: Frames in one piece of work.
_PIECE = 4096
#: Of the points of a whole orbit, every so manieth is looked at first.
_SOME = 6
#: Any orbit of the nominal period, for the outlines of frames relative to the node.
_USUAL = 6000
#: By how much footprints differ from those of the usual orbit at most, in degrees.
_MARGIN = 0.5


def points(numbers: npt.ArrayLike, shape: Shape, count: int = POINTS) -> Floats:
    """Longitude and latitude of the points of footprints, shape (n, m, 2).

    Longitudes run on over the antimeridian. A line or a side of a swath has `count` points.
    """
    several = np.atleast_1d(np.asarray(numbers, dtype=np.int64))
    orbit = several[:, None] // 8
    if shape == "orbit":
        first = np.zeros((len(several), 1))
        last = first + PERIOD
        share = np.linspace(0, 1, round(PERIOD / STEP) + 1)
    else:
        at_node = orbit_time(orbit) + frames.EPOCH_SECONDS
        first = frames.begin(several)[:, None] - at_node
        last = frames.end(several)[:, None] - at_node
        share = np.linspace(0, 1, count)
    lat, lon, heading = track(orbit, first + (last - first) * share)
    if shape == "swath":
        right = beside(lat, lon, heading, RIGHT_KM)
        left = beside(lat, lon, heading, -LEFT_KM)
        lat, lon = (
            np.hstack([r, middle[:, -1:], side[:, ::-1], middle[:, :1], r[:, :1]])
            for r, middle, side in zip(right, (lat, lon), left, strict=True)
        )
    return np.stack([np.unwrap(lon, period=360), lat], axis=-1)


def drawn(numbers: npt.ArrayLike, shape: Shape) -> list[Json]:
    """Geometry and bbox of frames, or neither."""
    several = np.atleast_1d(np.asarray(numbers))
    if shape == "none":
        return [{} for _ in several]
    outlines = points(several, shape)
    outlines[..., 0] = (outlines[..., 0] + 180) % 360 - 180
    kind, swath = ("Polygon", True) if shape == "swath" else ("LineString", False)
    found = []
    for outline in outlines.round(6):
        pairs = outline.tolist()
        coordinates = [pairs] if swath else pairs
        found.append({"geometry": {"type": kind, "coordinates": coordinates}, "bbox": box(outline)})
    return found


def box(outline: Floats) -> list[float]:
    """Bbox of points; all longitudes when the line jumps over the antimeridian."""
    lon, lat = outline.T
    west, east = (-180.0, 180.0) if np.any(np.abs(np.diff(lon)) > 180) else (lon.min(), lon.max())
    return [float(v) for v in (west, lat.min(), east, lat.max())]


class Area:
    """An area, and which of all frames meet it: found once for each of the kinds of footprint."""

    def __init__(self, parts: geometry.Shape) -> None:
        self.parts = parts
        self._known: dict[Shape, npt.NDArray[np.bool_]] = {}

    def frames(self, shape: Shape) -> npt.NDArray[np.bool_]:
        """Whether the footprint of a shape of each frame, by its number, meets the area."""
        if shape not in self._known:
            self._known[shape] = self._tested(shape)
        return self._known[shape]

    def _tested(self, shape: Shape) -> npt.NDArray[np.bool_]:
        found = np.zeros(frames.HIGHEST, dtype=bool)
        for part in self.parts if shape != "none" else ():
            near = np.flatnonzero(~found & _near(shape, part))
            if part.area:  # most frames that meet a large area begin or end in it
                ends = _orbits()[near // 8, ::_SOME] if shape == "orbit" else _ends()[near]
                found[near[geometry.any_inside(ends, part)]] = True
            rest = near[~found[near]]
            for start in range(0, len(rest), _PIECE):
                piece = rest[start : start + _PIECE]
                outlines = _orbits()[piece // 8] if shape == "orbit" else points(piece, shape)
                found[piece] = geometry.many_meet(outlines, part, closed=shape == "swath")
        # The line of a whole orbit was tested for its first frame only.
        return np.repeat(found[::8], 8) if shape == "orbit" else found


def prepare() -> None:
    """Work out now what the first area would otherwise wait for."""
    _ends()
    _nodes()
    _orbits()
    for shape in ("line", "swath"):
        _extents(shape)


@cache
def _ends() -> Floats:
    """First and last point on the track of all frames, which belong to line and swath alike."""
    return points(np.arange(frames.HIGHEST), "line", count=2)


@cache
def _orbits() -> Floats:
    """Points of the lines of all whole orbits."""
    return points(np.arange(0, frames.HIGHEST, 8), "orbit")


def _near(shape: Shape, part: geometry.Part) -> npt.NDArray[np.bool_]:
    """Frames whose extent overlaps that of an area; of an orbit the first one stands for all."""
    if shape == "orbit":
        by_orbit = _near("line", part).reshape(-1, 8)
        whole = np.zeros_like(by_orbit)
        whole[:, 0] = by_orbit.any(axis=1)
        whole[:-1, 0] |= by_orbit[1:, 0]  # frame A begins before the node
        return whole.ravel()
    low, high = _extents(shape)
    (west, south), (east, north) = part.extent
    node = _nodes()[:, :1]
    turns = np.floor((high[:, 0] + node - west) / 360) >= np.ceil((low[:, 0] + node - east) / 360)
    return np.asarray(turns & (low[:, 1] <= north) & (high[:, 1] >= south)).ravel()


@cache
def _nodes() -> Floats:
    """Longitude and latitude of the ascending node of all orbits, where their line begins."""
    longitude = node_longitude(np.arange(frames.HIGHEST // 8))
    return np.stack([longitude, np.zeros_like(longitude)], axis=-1)


@cache
def _extents(shape: Shape) -> Floats:
    """Smallest and largest longitude from the node, and latitude, of each letter: (2, 8, 2)."""
    letters = 8 * _USUAL + np.arange(8)
    outlines = points(letters, shape)
    outlines[..., 0] -= node_longitude(_USUAL)
    return np.stack([outlines.min(axis=1) - _MARGIN, outlines.max(axis=1) + _MARGIN])
