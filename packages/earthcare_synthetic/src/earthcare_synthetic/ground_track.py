"""Where EarthCARE is: the ground track in closed form, and the eight frames of an orbit.

The track is a frozen circular-like orbit over a rotating Earth, tied to the real mission by times
that public EarthCARE file names, catalogue items and counts of the catalogue state (`_E_STARTS`,
`_NODES`, `_STARTS`). Between two anchors the ascending node crossings are interpolated. Near an
anchor a frame start agrees with the real one to a second or two; where anchors are months apart,
it is off by up to 40 s, and outside them, where the ideal repeat cycle of 389 orbits in 25 days is
used, by minutes.

References
----------
EarthCARE handbook (ESA): repeat cycle of 25 days and 389 orbits, inclination 97.05 degrees, frames
cut at 22.5 and 67.5 degrees of latitude.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import FRAME_LIMITS

FloatArray = npt.NDArray[np.float64]

#: Orbital period in seconds: 389 orbits in 25 days.
PERIOD = 25 * 86400 / 389
INCLINATION = np.radians(97.05)
#: Frozen orbit: eccentricity and argument of perigee.
ECCENTRICITY, PERIGEE = 0.00115, np.radians(90.0)
#: Mean local time of the ascending node, in hours; the descending node is at about 14:00.
LOCAL_TIME_OF_NODE = 1.947
WGS84_E2 = 0.00669437999014
EARTH_RADIUS_KM = 6371.0

#: Start of frame E, or crossing of the ascending node, of real orbits (names and items).
_E_STARTS = {
    1380: "2024-08-25T16:09:13",
    4366: "2025-03-05T13:45:40",
    4537: "2025-03-16T13:30:58",
    4568: "2025-03-18T13:19:31",
    4755: "2025-03-30T13:45:19",
    4879: "2025-04-07T13:00:51",
    5933: "2025-06-14T06:42:45",
}
_NODES = {
    5378: "2025-05-09T14:00:07.892",
    5721: "2025-05-31T15:02:52.9",
    5976: "2025-06-17T00:21:33.6",
    6109: "2025-06-25T13:30:07.0",
    7820: "2025-10-13T12:34:19.778",
    7929: "2025-10-20T12:41:50.623",
    8014: "2025-10-25T23:48:00.191",
    8093: "2025-10-31T01:38:56.9",
}
#: First frames of a product or baseline in ESA MAAP's catalogue (the replay's `census.json`) and in
#: names of real files: before and after the spring and summer of 2025, which lie between the above.
_STARTS = {
    "01027H": "2024-08-02T23:59:32",
    "01031A": "2024-08-03T04:49:14",
    "01141E": "2024-08-10T07:23:21",
    "01164E": "2024-08-11T18:53:13",
    "01224E": "2024-08-15T15:28:44",
    "08319D": "2025-11-14T14:42:36",
    "08374A": "2025-11-18T02:57:58",
    "08512C": "2025-11-27T00:12:53",
    "08527G": "2025-11-28T00:07:21",
    "08627C": "2025-12-04T09:35:34",
    "08894H": "2025-12-21T14:22:32",
    "09524G": "2026-01-31T01:54:22",
    "09563A": "2026-02-02T12:54:05",
    "09627H": "2026-02-06T16:57:57",
}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def subsatellite_point(since_node: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Geodetic latitude, and longitude east of the ascending node.

    Parameters
    ----------
    since_node : array_like
        Seconds since the ascending node, any shape; negative before it.

    Returns
    -------
    latitude, longitude : ndarray
        Degrees, of the same shape. The longitude is relative to that of the node and not wrapped.
    """
    t = np.asarray(since_node, dtype=float)
    mean = 2 * np.pi * t / PERIOD
    u = mean + 2 * ECCENTRICITY * (np.sin(mean - PERIGEE) + np.sin(PERIGEE))
    geocentric = np.arcsin(np.sin(INCLINATION) * np.sin(u))
    latitude = np.degrees(np.arctan(np.tan(geocentric) / (1 - WGS84_E2)))
    swept = np.arctan2(np.cos(INCLINATION) * np.sin(u), np.cos(u))
    turns = np.round((u + swept) / (2 * np.pi))  # retrograde: the swept angle runs against u
    longitude = np.degrees(swept - 2 * np.pi * turns) - 360 * t / 86400
    return latitude, longitude


@cache
def _frame_offsets() -> dict[str, tuple[float, float]]:
    """Seconds from the ascending node to the start and the end of each frame."""
    t = np.arange(-0.25 * PERIOD, 1.0 * PERIOD, 0.5)
    latitude, _ = subsatellite_point(t)

    def crossing(limit: float, after: float) -> float:
        """First time later than `after` at which the track crosses a latitude."""
        sign = np.sign(latitude - limit)
        i = np.flatnonzero((sign[:-1] != sign[1:]) & (t[:-1] > after))[0]
        share = (limit - latitude[i]) / (latitude[i + 1] - latitude[i])
        return float(t[i] + share * (t[i + 1] - t[i]))

    offsets, begin = {}, crossing(-22.5, -600.0)
    for letter, (_, last) in FRAME_LIMITS.items():
        end = crossing(last, begin + 10)
        offsets[letter] = (begin, end)
        begin = end
    return offsets


@cache
def _anchors() -> dict[int, datetime]:
    starts = {f"{orbit:05d}E": text for orbit, text in _E_STARTS.items()} | _STARTS
    nodes = {
        int(frame[:5]): _utc(text) - timedelta(seconds=_frame_offsets()[frame[5]][0])
        for frame, text in starts.items()
    }
    return dict(sorted((nodes | {orbit: _utc(text) for orbit, text in _NODES.items()}).items()))


def node_time(orbit: int) -> datetime:
    """Time (UTC) at which an orbit crosses its ascending node, the equator northwards."""
    known = _anchors()
    numbers = list(known)
    ideal = [known[n] - timedelta(seconds=PERIOD * n) for n in numbers]
    since = [(when - ideal[0]).total_seconds() for when in ideal]
    wander = float(np.interp(orbit, numbers, since))
    return ideal[0] + timedelta(seconds=PERIOD * orbit + wander)


def node_longitude(orbit: int) -> float:
    """Longitude of the ascending node in degrees east, -180 to 180, from its mean local time."""
    when = node_time(orbit)
    hours = when.hour + when.minute / 60 + (when.second + when.microsecond / 1e6) / 3600
    return float((15 * (LOCAL_TIME_OF_NODE - hours) + 180) % 360 - 180)


def frame_time(orbit: int, frame: str) -> tuple[datetime, datetime]:
    """Start and end (UTC) of a frame; frame A begins some 348 s before the orbit's node."""
    begin, end = _frame_offsets()[frame]
    node = node_time(orbit)
    return node + timedelta(seconds=begin), node + timedelta(seconds=end)


def track(orbit: int, seconds: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude, longitude and heading of the sub-satellite point of one orbit.

    Parameters
    ----------
    orbit : int
        Absolute orbit number.
    seconds : array_like, shape (n,)
        Seconds since that orbit's ascending node (`node_time`).

    Returns
    -------
    latitude, longitude, heading : ndarray, shape (n,)
        Degrees: geodetic latitude, longitude in -180 to 180, and direction of flight over ground,
        clockwise from north.
    """
    t = np.asarray(seconds, dtype=float)
    latitude, east = subsatellite_point(t)
    later, further = subsatellite_point(t + 1.0)
    dx = np.radians(further - east) * np.cos(np.radians(latitude))
    heading = np.degrees(np.arctan2(dx, np.radians(later - latitude))) % 360
    return latitude, (node_longitude(orbit) + east + 180) % 360 - 180, heading


def beside(
    latitude: FloatArray, longitude: FloatArray, heading: FloatArray, right_km: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Points at a distance to the right of the track (negative: to the left), on a sphere.

    Arguments broadcast: `latitude[:, None]` with distances of shape (m,) gives a swath (n, m).
    """
    arc = np.asarray(right_km, dtype=float) / EARTH_RADIUS_KM
    phi, bearing = np.radians(latitude), np.radians(heading + 90)
    sin_phi = np.sin(phi) * np.cos(arc) + np.cos(phi) * np.sin(arc) * np.cos(bearing)
    step = np.arctan2(
        np.sin(bearing) * np.sin(arc) * np.cos(phi), np.cos(arc) - np.sin(phi) * sin_phi
    )
    return np.degrees(np.arcsin(sin_phi)), (longitude + np.degrees(step) + 180) % 360 - 180
