"""Granules of frames that no lesson opens: all letters, 2024 and 2026, at a pole, over 180."""

from __future__ import annotations

from itertools import product

import h5py
import numpy as np
import pytest

from earthcare_products.conventions import FRAME_LIMITS
from maap_replay.granules import granule_file
from maap_replay.recordings import Recordings
from maap_replay.service.search import find

#: One frame of each letter; 01503H, 01510F and 01511E cross the antimeridian.
FRAMES = ("01500A", "02000B", "03000C", "05000D", "01511E", "01510F", "09500G", "01503H")
#: What the census's rule has no item of.
LOST = {("03000C", "CPR_TC__2A"), ("03000C", "CPR_CLP_2A")}
#: Types of lidar, radar, imager and of JAXA: where they have latitudes, and what must be measured.
TYPES = {
    "ATL_CTH_2A": ("latitude", "ATLID_cloud_top_height"),
    "CPR_TC__2A": ("latitude", "hydrometeor_classification"),
    "CPR_CLP_2A": ("Geo/latitude", "Data/GRID_pressure_1km"),
    "MSI_COP_2A": ("latitude", "cloud_top_height"),
}


def made(recordings: Recordings, frame: str, file_type: str) -> str:
    """Write a granule; returns the path of its data."""
    wanted = f"productType = '{file_type}' and orbitNumber = {int(frame[:5])}"
    *_, item = find(recordings, filter=f"{wanted} and frame = '{frame[5]}'")
    for asset in item["assets"].values():
        name, dot, suffix = asset["href"].rpartition(".")
        if asset["roles"] == ["data"]:
            path = granule_file(item["id"], dot + suffix, asset["file:size"])
            assert path.stat().st_size == asset["file:size"], (name, "as the catalogue states")
    return str(granule_file(item["id"], ".h5"))


def judge(path: str, file_type: str) -> None:
    where, what = TYPES[file_type]
    with h5py.File(path) as file:
        data = file["ScienceData"]
        latitude = np.ma.masked_greater(data[where][:], 1e30)  # the imager's edges have none
        values = np.ma.masked_invalid(data[what][:])
        # JAXA's files say nothing of their fill values, which are below -900.
        fill = data[what].attrs.get("_FillValue")
        values = np.ma.masked_less(values, -900) if fill is None else values[values != fill[0]]
    frame = path[-len("00000A.h5") : -len(".h5")]
    first, last = FRAME_LIMITS[frame[-1]]
    assert np.all(np.abs(latitude) < 85)
    ends = [float(np.ma.median(line)) for line in (latitude[0], latitude[-1])]
    assert np.allclose(ends, (first, last), atol=2), frame
    assert values.count() / values.size > 0.01
    assert values.min() < values.max()


@pytest.mark.rare
@pytest.mark.parametrize(
    ("frame", "file_type"),
    [pair for pair in product(FRAMES, TYPES) if pair not in LOST],
)
def test_any_frame_can_be_opened(recordings: Recordings, frame: str, file_type: str) -> None:
    judge(made(recordings, frame, file_type), file_type)


def test_a_frame_of_2026_by_a_pole_can_be_opened(recordings: Recordings) -> None:
    judge(made(recordings, "09500G", "ATL_CTH_2A"), "ATL_CTH_2A")
