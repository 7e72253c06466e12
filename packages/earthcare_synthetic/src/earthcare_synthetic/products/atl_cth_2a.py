"""ATL_CTH_2A (A-CTH): the height of the uppermost cloud."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.products.on_lidar_grid import cloud_top, geolocation, land_flag, sizes
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    profiles = {"along_track": sizes(frame)["along_track"]}
    yield Group("ScienceData", read_table("ATL_CTH_2A"), profiles, _fields(frame))


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    yield from geolocation(frame)
    yield land_flag(frame)
    top = cloud_top(frame)
    yield "ATLID_cloud_top_height", top.height
    yield "ATLID_thick_cloud_top_height", top.thick_height
    yield "ATLID_cloud_top_height_confidence", top.confidence
    yield "simplified_uppermost_cloud_classification", top.kind
    yield "quality_status", top.quality
    tropopause = np.asarray(frame.curtain.tropopause)
    yield "tropopause_height_wmo", tropopause
    # Lapse rates end where the definition of CALIPSO still sees the tropical transition layer.
    yield "tropopause_height_calipso", tropopause + np.float32(350.0)
