"""Figures of frames that no lesson draws: over the antimeridian, and round a pole."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

import earthcare_tutorial as ect
from maap_replay.pytest_plugin import EsaMaap

#: 01511E crosses the antimeridian, 09500G of 2026 turns round the South Pole.
FRAMES = ("01511E", "09500G")


@pytest.mark.rare
@pytest.mark.parametrize("frame", FRAMES)
def test_swath_curtain_and_map_are_drawn(esa_maap: EsaMaap, frame: str) -> None:
    esa_maap.serve()
    token = ect.login(credentials=esa_maap.credentials_file)
    (imager, *_), (radar, *_) = (
        ect.search(kind, orbit_and_frame=frame) for kind in ("MSI_COP_2A", "CPR_TC__2A")
    )
    names = ["cloud_top_height", "latitude", "longitude", "quality_status"]
    some = {"along_track": slice(0, None, 20)}
    ax = ect.plot_swath(ect.open_granule(imager, token, names, isel=some), "cloud_top_height")
    assert sum(np.ma.count(each.get_array()) for each in ax.collections if each.axes) > 100
    names = ["hydrometeor_classification", "height", "latitude", "longitude", "time"]
    profiles = ect.open_granule(radar, token, names, isel=some)
    ax = ect.plot_classes(profiles, "hydrometeor_classification")
    assert sum(np.ma.count(each.get_array()) for each in ax.collections) > 1000
    ax = ect.plot_map([imager, radar])
    assert any(line.get_gid() == frame or frame in str(line.get_gid()) for line in ax.lines)
    plt.close("all")
