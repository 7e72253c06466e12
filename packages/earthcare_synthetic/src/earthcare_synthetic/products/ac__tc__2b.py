"""AC__TC__2B (AC-TC): what lidar and radar together say is in each pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.synergy.classification import merge
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.grid import HEIGHTS

#: In the names of variables -> field with the lidar's classes.
RESOLUTIONS = {
    "": "classification",
    "_low_resolution": "classification_low",
    "_medium_resolution": "classification_medium",
}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file, on the nominal heights of the joint standard grid."""
    profiles = len(frame.curtain.elevation)
    sizes = {"along_track": profiles, "JSG_height": len(HEIGHTS)}
    yield Group("ScienceData", read_table("AC__TC__2B"), sizes, _fields(frame))


def _fields(frame: Frame) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    curtain, lidar, radar = frame.curtain, frame.lidar, frame.radar
    track = curtain.track
    yield "time", track.time + conventions.LEAP_SECONDS
    yield "latitude", track.latitude
    yield "longitude", track.longitude
    yield "geoid_offset", curtain.geoid
    yield "elevation", curtain.elevation
    yield "height", np.broadcast_to(HEIGHTS, curtain.temperature.shape)
    yield "ATLID_detection_status", lidar.features.mie_status
    yield "CPR_target_classification", radar.hydrometeor_classification
    yield "CPR_detection_status", radar.detection_status
    for suffix, field in RESOLUTIONS.items():
        seen = getattr(lidar.retrieved, field)
        merged = merge(seen, radar.hydrometeor_classification)
        yield f"ATLID_target_classification{suffix}", seen
        yield f"synergetic_target_classification{suffix}", merged.target
        yield f"quality{suffix}_status", merged.quality
        yield f"CPR_ATLID{suffix}_status", merged.seen_by
