"""Granules of frames that no lesson opens: of all letters, of 2024 and 2026, at a pole, over 180."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import earthcare_tutorial as ect
from maap_replay.granules import granule_file
from maap_replay.recordings import Recordings
from maap_replay.service.search import find

#: One frame of each letter; 01503H, 01510F and 01511E cross the antimeridian.
FRAMES = ("01500A", "02000B", "03000C", "05000D", "01511E", "01510F", "09500G", "01503H")
#: The narrowest files of the lidar, the radar and the agencies' synergy, and of the imager.
TYPES = ("ATL_CTH_2A", "CPR_TC__2A", "CPR_CLP_2A", "MSI_COP_2A")


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


def judge(path: str) -> None:
    with xr.open_dataset(path, group="ScienceData", decode_timedelta=False) as data:
        lat, lon = data["latitude"].values, data["longitude"].values
        assert np.all(np.abs(lat) <= 90) and np.all(np.abs(lon) <= 180)
        assert lat.size > 1000 and float(np.ptp(lat)) > 10
        held = [name for name, each in data.data_vars.items() if each.ndim > 1]
        assert any(np.isfinite(data[name].values.astype(float)).any() for name in held)


@pytest.mark.rare
@pytest.mark.parametrize(
    ("frame", "file_type"),
    [pair for pair in product(FRAMES, TYPES) if pair != ("03000C", "CPR_TC__2A")],  # that was lost
)
def test_any_frame_can_be_opened(recordings: Recordings, frame: str, file_type: str) -> None:
    judge(made(recordings, frame, file_type))


def test_a_frame_of_2026_by_a_pole_can_be_opened(recordings: Recordings) -> None:
    judge(made(recordings, "09500G", "ATL_CTH_2A"))
