"""Where and when a frame was sensed, by the track model, as items of ESA MAAP write it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from earthcare_products.products import catalogue_entry
from earthcare_synthetic.ground_track import PERIOD, beside, frame_time, node_time, track
from maap_replay.recordings.patch import Json

#: Swath of MSI beside the track, in km to the left and right of flight.
LEFT_KM, RIGHT_KM = 121.0, 41.0
#: Seconds from one point of a footprint to the next.
STEP = 77.3
#: X-MET begins this long after its frame (of the four whose times are public: 14 to 18 s).
MET_DELAY = timedelta(seconds=15)


class Pass(NamedTuple):
    """When a product was sensed, and the ascending node before that."""

    begin: datetime
    end: datetime
    node: datetime


def sensed(orbit: int, frame: str, file_type: str) -> Pass:
    """Times of a product of a frame.

    CPR_APC_2A takes a whole orbit from its ascending node on: so do the public times of four of
    them, all named after frame A, fall.
    """
    begin, end = frame_time(orbit, frame)
    # A frame A begins before its orbit's node: items state the node before it.
    node = node_time(orbit - 1 if frame == "A" else orbit)
    if file_type == "CPR_APC_2A":
        begin = node = node_time(orbit)
        end = begin + timedelta(seconds=PERIOD)
    if file_type == "AUX_MET_1D":
        begin += MET_DELAY
    return Pass(begin, end, node)


def footprint(
    orbit: int, frame: str, *, swath: bool, begin: datetime | None = None
) -> tuple[Json, list[float]]:
    """Geometry and bbox as ESA MAAP writes them: a point every 77 s, six decimals, uncut.

    The ring of a swath runs down its right edge, over the last nadir point, back up its left edge
    and over the first nadir point, as in the one ring that is public. With `begin` the line goes
    once round the Earth from there.
    """
    node = node_time(orbit)
    if begin is None:
        first, last = ((when - node).total_seconds() for when in frame_time(orbit, frame))
        seconds = np.linspace(first, last, 10)
    else:
        first = (begin - node).total_seconds()
        seconds = np.linspace(first, first + PERIOD, round(PERIOD / STEP) + 1)
    lat, lon, heading = track(orbit, seconds)
    if swath:
        right = beside(lat, lon, heading, RIGHT_KM)
        left = beside(lat, lon, heading, -LEFT_KM)
        lat, lon = (
            np.concatenate([r, middle[-1:], side[::-1], middle[:1], r[:1]])
            for r, middle, side in zip(right, (lat, lon), left, strict=True)
        )
    points = [[round(float(x), 6), round(float(y), 6)] for x, y in zip(lon, lat, strict=True)]
    if swath:
        return {"type": "Polygon", "coordinates": [points]}, box(points)
    return {"type": "LineString", "coordinates": points}, box(points)


def drawn(orbit: int, frame: str, file_type: str) -> Json:
    """Geometry and bbox of a product, or neither where its type has none."""
    outline = catalogue_entry(file_type).drawn_as
    if outline == "none":
        return {}
    begin = sensed(orbit, frame, file_type).begin if file_type == "CPR_APC_2A" else None
    geometry, bbox = footprint(orbit, frame, swath=outline == "swath", begin=begin)
    return {"geometry": geometry, "bbox": bbox}


def box(points: list[list[float]]) -> list[float]:
    """Bbox of points; all longitudes when the line jumps over the antimeridian."""
    lon, lat = np.array(points).T
    west, east = (-180.0, 180.0) if np.any(np.abs(np.diff(lon)) > 180) else (lon.min(), lon.max())
    return [round(float(v), 6) for v in (west, lat.min(), east, lat.max())]


def moved(geometry: Json, bbox: list[float], target: list[float]) -> Json:
    """Geometry stretched from its bbox onto another one."""
    old, new = np.array(bbox).reshape(2, 2), np.array(target).reshape(2, 2)
    points = np.array(geometry["coordinates"][0])
    points = (points - old[0]) / (old[1] - old[0]) * (new[1] - new[0]) + new[0]
    return geometry | {"coordinates": [[[round(float(v), 6) for v in p] for p in points]]}


def stamp(when: datetime, digits: int = 3) -> str:
    """ISO time with a Z: three digits of a second, or none (as in `updated`)."""
    if digits == 0:
        return f"{when:%Y-%m-%dT%H:%M:%S}Z"
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(when: datetime) -> datetime:
    """Nearest whole second, as file names and items state it."""
    return (when + timedelta(seconds=0.5)).replace(microsecond=0)
