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
#: Any orbit of the nominal period, for the outlines of frames relative to the node.
_USUAL = 6000
#: By how much footprints differ from those of the usual orbit at most, in degrees.
_MARGIN = 0.5


def points(numbers: npt.ArrayLike, shape: Shape) -> Floats:
    """Longitude and latitude of the points of footprints, shape (n, m, 2).

    Longitudes run on over the antimeridian.
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
        share = np.linspace(0, 1, POINTS)
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
    """An area, and what is known of the frames whose footprint meets it.

    All types of a frame have one of three footprints, so that each is tested once.
    """

    def __init__(self, parts: geometry.Shape) -> None:
        self.parts = parts
        self._known: dict[Shape, npt.NDArray[np.int8]] = {}

    def meets(self, numbers: npt.NDArray[Any], shape: Shape) -> npt.NDArray[np.bool_]:
        """Which frames have a footprint of a shape that meets the area."""
        if shape == "none":
            return np.zeros(len(numbers), dtype=bool)
        known = self._known.setdefault(shape, np.full(frames.HIGHEST, -1, dtype=np.int8))
        new = np.unique(numbers[known[numbers] < 0])
        known[new] = self._test(new, shape)
        return np.asarray(known[numbers] == 1)

    def _test(self, numbers: npt.NDArray[Any], shape: Shape) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(numbers), dtype=bool)
        for part in self.parts:
            near = np.flatnonzero(~found & _near(numbers, shape, part))
            for start in range(0, len(near), _PIECE):
                piece = near[start : start + _PIECE]
                outlines = points(numbers[piece], shape)
                found[piece] = geometry.many_meet(outlines, part, closed=shape == "swath")
        return found


def _near(numbers: npt.NDArray[Any], shape: Shape, part: geometry.Part) -> npt.NDArray[np.bool_]:
    """Frames whose extent overlaps that of an area."""
    low, high = _extents(shape)[:, numbers % 8]
    (west, south), (east, north) = part.extent
    node = node_longitude(numbers // 8)
    turns = np.floor((high[:, 0] + node - west) / 360) >= np.ceil((low[:, 0] + node - east) / 360)
    return np.asarray(turns & (low[:, 1] <= north) & (high[:, 1] >= south))


@cache
def _extents(shape: Shape) -> Floats:
    """Smallest and largest longitude from the node, and latitude, of each letter: (2, 8, 2)."""
    letters = 8 * _USUAL + np.arange(8)
    outlines = points(letters, shape)
    outlines[..., 0] -= node_longitude(_USUAL)
    return np.stack([outlines.min(axis=1) - _MARGIN, outlines.max(axis=1) + _MARGIN])
