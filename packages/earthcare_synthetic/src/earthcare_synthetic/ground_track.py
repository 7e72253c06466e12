"""Where EarthCARE is: the ground track in closed form, and the eight frames of an orbit.

The track is a frozen, nearly circular orbit over a rotating Earth. Two things about it changed
over the mission, and both are tied to what public sources state of the real one:

- *when* an orbit crosses its ascending node: manoeuvres and drag. Between two known times it is
  interpolated (`orbit_time`). Until August 2024 an orbit took up to 11 s longer than today.
- *where* it does: the local time of the node, by places that public files and items print
  (`local_time_of_node`). Before the first and after the last such place it is kept.

References
----------
EarthCARE handbook (ESA): repeat cycle of 25 days and 389 orbits, frames cut at 22.5 and 67.5
degrees of latitude. The inclination is fitted to four tracks and a footprint that are public: with
the 97.05 degrees of the handbook they drift by 0.12 degrees of longitude over a frame of the middle
latitudes, with 97.00 by 0.02.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from earthcare_products.census import census
from earthcare_products.conventions import FRAME_LIMITS

FloatArray = npt.NDArray[np.float64]

#: Orbital period in seconds: 389 orbits in 25 days.
PERIOD = 25 * 86400 / 389
INCLINATION = np.radians(97.00)
#: Frozen orbit: eccentricity and argument of perigee.
ECCENTRICITY, PERIGEE = 0.00115, np.radians(90.0)
WGS84_E2 = 0.00669437999014
EARTH_RADIUS_KM = 6371.0
#: Times of the track are seconds since then (UTC; there was no leap second since).
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


#: Starts of frames in the names of real files and items; with a fraction, where tracks in files
#: tell more. Others are in the census.
_STARTS = {
    "01031A": "2024-08-03T04:49:14",
    "01164D": "2024-08-11T18:41:26.45",
    "01164E": "2024-08-11T18:53:13.45",
    "01261F": "2024-08-18T00:45:47.31",
    "01380E": "2024-08-25T16:09:13",
    "04366E": "2025-03-05T13:45:40",
    "04537E": "2025-03-16T13:30:58",
    "04568E": "2025-03-18T13:19:31",
    "04755E": "2025-03-30T13:45:19",
    "04879E": "2025-04-07T13:00:51",
    "05721A": "2025-05-31T14:57:05.45",
    "05933E": "2025-06-14T06:42:44.75",
    "05976A": "2025-06-17T00:15:45",
    "05976D": "2025-06-17T00:50:11",
    "05976H": "2025-06-17T01:36:28",
    "06109D": "2025-06-25T13:58:45",
    "06157A": "2025-06-28T15:26:31",
    "08000A": "2025-10-25T02:06:38",
    "08093A": "2025-10-31T01:33:09",
}
#: Crossings of the ascending node that items state to the millisecond.
_NODES = {
    5378: "2025-05-09T14:00:07.892",
    7820: "2025-10-13T12:34:19.778",
    7929: "2025-10-20T12:41:50.623",
    7999: "2025-10-25T00:39:53.158",
    8014: "2025-10-25T23:48:00.191",
    8092: "2025-10-31T00:06:24.401",
}
#: Types whose items do not start where their frame does.
_ELSEWHERE = frozenset({"AUX_MET_1D", "AUX_JSG_1D", "CPR_APC_2A", "GEO_ATTOBS", "GEO_ORBOBS"})
#: X-MET of the first orbit in the catalogue, and how long after its frame one begins (14 to 18 s).
_FIRST, _MET_DELAY = ("00025G", "2024-05-30T11:56:44"), 15
#: Known times closer than this, in orbits, are one: a name gives no fraction of a second.
_TOGETHER = 0.5
#: Orbit -> mean local time of its ascending node in hours, from places along tracks (2024, May and
#: June 2025) and the boxes of items (October 2025).
_LOCAL_TIMES = {1164: 2.0332, 1261: 2.0313, 5378: 1.9520, 5721: 1.9478, 5933: 1.9456, 7941: 1.9350}


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
def frame_offsets() -> dict[str, tuple[float, float]]:
    """Orbits from the ascending node to the start and the end of each frame, as a fraction."""
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
        offsets[letter] = (begin / PERIOD, end / PERIOD)
        begin = end
    return offsets


@cache
def _known_times() -> tuple[FloatArray, FloatArray]:
    """Orbits, with fractions, at which the time is known; and by how much it is late there.

    Late against a clock that takes `PERIOD` for each orbit.
    """
    starts = dict(_STARTS)
    for types in census().values():
        for file_type, rows in types.items():
            for row in rows.values() if file_type not in _ELSEWHERE else ():
                if row.first is not None and row.last is not None:
                    starts |= {row.first: row.begin[:19], row.last: row.end[:19]}
    seconds = {frame: _seconds(text) for frame, text in starts.items()}
    seconds[_FIRST[0]] = _seconds(_FIRST[1]) - _MET_DELAY
    known = [
        (int(frame[:5]) + frame_offsets()[frame[5]][0], when) for frame, when in seconds.items()
    ]
    exact = np.array([(orbit, _seconds(text)) for orbit, text in _NODES.items()])
    groups: list[list[tuple[float, float]]] = []
    for orbit, when in sorted(known):
        if np.min(np.abs(exact[:, 0] - orbit)) < _TOGETHER:
            continue
        if not groups or orbit - groups[-1][0][0] > _TOGETHER:
            groups.append([])
        groups[-1].append((orbit, when))
    points = np.array([np.mean(group, axis=0) for group in groups])
    points = np.vstack([points, exact])
    orbits, when = points[np.argsort(points[:, 0])].T
    return orbits, when - PERIOD * orbits


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH).total_seconds()


def orbit_time(orbit: npt.ArrayLike) -> FloatArray:
    """Time in seconds since `EPOCH` (UTC) at an orbit and a fraction of one since its node.

    Parameters
    ----------
    orbit : array_like
        Absolute orbit number, with the fraction of an orbit since its ascending node.

    Returns
    -------
    ndarray
        Of the same shape. Before the first known time orbits last as long as after it.
    """
    x = np.asarray(orbit, dtype=float)
    orbits, late = _known_times()
    first = (late[1] - late[0]) / (orbits[1] - orbits[0])
    early = np.minimum(x - orbits[0], 0.0) * first
    return np.asarray(PERIOD * x + np.interp(x, orbits, late) + early)


def node_time(orbit: int) -> datetime:
    """Time (UTC) at which an orbit crosses its ascending node, the equator northwards."""
    return EPOCH + timedelta(seconds=float(orbit_time(orbit)))


def local_time_of_node(orbit: npt.ArrayLike) -> FloatArray:
    """Mean local time of the ascending node in hours; the descending node is 12 h later."""
    return np.asarray(np.interp(np.asarray(orbit), list(_LOCAL_TIMES), list(_LOCAL_TIMES.values())))


def node_longitude(orbit: npt.ArrayLike) -> FloatArray:
    """Longitude of the ascending node in degrees east, -180 to 180, of one orbit or of many."""
    hours = orbit_time(orbit) / 3600 % 24
    return np.asarray((15 * (local_time_of_node(orbit) - hours) + 180) % 360 - 180)


def frame_time(orbit: int, frame: str) -> tuple[datetime, datetime]:
    """Start and end (UTC) of a frame; frame A begins some 348 s before the orbit's node."""
    begin, end = (
        EPOCH + timedelta(seconds=float(orbit_time(orbit + offset)))
        for offset in frame_offsets()[frame]
    )
    return begin, end


def track(
    orbit: npt.ArrayLike, seconds: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude, longitude and heading of the sub-satellite point.

    Parameters
    ----------
    orbit : array_like of int
        Absolute orbit number: one, or one for each row of `seconds`, shape (n, 1).
    seconds : array_like, shape (m,) or (n, m)
        Seconds since that orbit's ascending node (`node_time`).

    Returns
    -------
    latitude, longitude, heading : ndarray, shape (m,) or (n, m)
        Degrees: geodetic latitude, longitude in -180 to 180, and direction of flight over ground,
        clockwise from north.
    """
    number = np.asarray(orbit, dtype=float)
    # An orbit of early 2024 took longer: what counts for the place is the part of it.
    lasts = orbit_time(number + 1) - orbit_time(number)
    t = np.asarray(seconds, dtype=float) * (PERIOD / lasts)
    latitude, east = subsatellite_point(t)
    later, further = subsatellite_point(t + 1.0)
    dx = np.radians(further - east) * np.cos(np.radians(latitude))
    heading = np.degrees(np.arctan2(dx, np.radians(later - latitude))) % 360
    return latitude, (node_longitude(number) + east + 180) % 360 - 180, heading


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
