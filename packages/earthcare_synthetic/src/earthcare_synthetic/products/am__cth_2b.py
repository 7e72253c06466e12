"""AM__CTH_2B (AM-CTH): cloud tops of MSI on the joint standard grid, and how ATLID's differ."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic import layout
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.ground_track import beside
from earthcare_synthetic.instruments.imager.cloud_mask import PROBABLY_CLOUDY, classify
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.instruments.synergy.column_tops import columns_of_grid, compare
from earthcare_synthetic.products.on_lidar_grid import cloud_top
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    sizes = {
        "along_track": len(frame.curtain.elevation),
        "across_track": layout.JOINT_COLUMNS,
    }
    yield Group("ScienceData", read_table("AM__CTH_2B"), sizes, _fields(product, frame))


def _fields(product: GranuleId, frame: Frame) -> Iterator[tuple[str, Array]]:
    track, swath = frame.curtain.track, frame.scene.swath
    right_km, column, seen = columns_of_grid()
    latitude, longitude = beside(
        track.latitude[:, None], track.longitude[:, None], track.heading[:, None], right_km
    )
    yield "time", track.time + conventions.LEAP_SECONDS
    yield "latitude", latitude
    yield "longitude", longitude
    yield "geoid_offset", frame.curtain.geoid
    lines = np.searchsorted(swath.time, track.time).clip(0, len(swath.time) - 1)
    where = np.ix_(lines, column)
    yield "surface_elevation", np.where(seen, swath.elevation[where], np.nan)
    land = np.where(seen, swath.land[where], conventions.BYTE_FILL)
    yield "land_flag", land.astype(np.int8)
    clouds = retrieve(product, frame.scene)
    cloudy = classify(product, frame.scene, clouds).mask >= PROBABLY_CLOUDY
    tops = compare(lines, clouds.top_height, cloudy, clouds.lost, cloud_top(frame).height)
    yield "cloud_top_height_MSI", tops.height
    yield "cloud_top_height_difference_ATLID_MSI", tops.difference
    yield "cloud_fraction", tops.cover
    yield "quality_status", tops.quality
