"""The track passes where and when public sources say that the satellite did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from earthcare_products.census import census
from earthcare_products.conventions import FRAME_LIMITS, LEAP_SECONDS
from earthcare_synthetic.ground_track import (
    PERIOD,
    frame_time,
    local_time_of_node,
    node_longitude,
    node_time,
    track,
)

#: Places in public files: orbit, time as the file has it, latitude, longitude.
PLACES = [
    (5933, "2025-06-14T06:42:36.357", 23.36576, 111.58332),
    (5933, "2025-06-14T06:54:38.624", -23.36905, 102.51401),
    (5721, "2025-05-31T14:57:08.557", -22.62228, 167.87368),
    (5721, "2025-05-31T15:08:47.876", 22.62437, 159.11418),
    (1164, "2024-08-11T18:41:31.541", 67.49868, -52.74889),
    (1164, "2024-08-11T18:53:18.536", 22.50259, -69.90330),
    (1261, "2024-08-18T00:45:51.034", -22.41779, -163.86049),
    (1261, "2024-08-18T00:57:47.872", -67.93168, 178.53917),
]
#: Items of these types do not start where their frame does.
ELSEWHERE = {"AUX_MET_1D", "AUX_JSG_1D", "CPR_APC_2A", "GEO_ATTOBS", "GEO_ORBOBS"}


def test_frames_start_when_the_census_says() -> None:
    """Within half a second of the whole second that items state, but for the first weeks."""
    late = {}
    for types in census().values():
        for file_type, rows in types.items():
            for row in rows.values() if file_type not in ELSEWHERE else ():
                for frame, start in ((row.first, row.begin), (row.last, row.end)):
                    if frame is not None:
                        begin, _ = frame_time(int(frame[:5]), frame[5])
                        off = begin - datetime.fromisoformat(start)
                        late[frame] = abs(off.total_seconds())
    assert len(late) == 97
    assert max(late.values()) < 1.0
    assert np.mean(np.array([*late.values()]) < 0.5) > 0.9


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[1][11:19]}")
def test_the_satellite_was_where_files_say(place: tuple[int, str, float, float]) -> None:
    orbit, told, latitude, longitude = place
    # Files count leap seconds: true time is five seconds earlier.
    when = datetime.fromisoformat(told).replace(tzinfo=UTC) - timedelta(seconds=LEAP_SECONDS)
    (lat,), (lon,), _ = track(orbit, [(when - node_time(orbit)).total_seconds()])
    north = (lat - latitude) * 111.2
    east = (lon - longitude) * 111.2 * np.cos(np.radians(latitude))
    assert np.hypot(north, east) < 5  # km


def test_frames_follow_each_other_over_all_orbits() -> None:
    for orbit in (20, 300, 893, 1500, 4537, 9629):
        spans = [frame_time(orbit, letter) for letter in FRAME_LIMITS]
        spans.append(frame_time(orbit + 1, "A"))
        assert all(
            abs((before[1] - after[0]).total_seconds()) < 1e-3 for before, after in pairwise(spans)
        )
        seconds = [(end - begin).total_seconds() for begin, end in spans]
        assert all(660 < each < 713 for each in seconds)
        # Before August 2024 orbits were longer, by up to 11 s.
        assert -0.5 < sum(seconds[:8]) - PERIOD < (12 if orbit < 1500 else 0.5)


def test_the_orbit_repeats_after_25_days() -> None:
    for orbit in (2000, 5000, 9000):
        days = (node_time(orbit + 389) - node_time(orbit)).total_seconds() / 86400
        assert abs(days - 25) < 60 / 86400
        away = (node_longitude(orbit + 389) - node_longitude(orbit) + 180) % 360 - 180
        assert abs(away) < 0.5
        between = (node_longitude(orbit + 1) - node_longitude(orbit)) % 360
        assert 360 - between == pytest.approx(23.136, abs=0.02)


def test_the_local_time_of_the_node_is_near_two_at_night() -> None:
    times = local_time_of_node(np.arange(1, 9700, 10))
    assert np.all((times > 1.9) & (times < 2.05))
