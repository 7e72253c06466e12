"""BM__RAD_2B (BM-RAD): unfiltered broadband radiances of BBR, at four resolutions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.ground_track import beside
from earthcare_synthetic.instruments.radiometer.footprints import Footprint
from earthcare_synthetic.instruments.radiometer.views import (
    ENDS,
    SOLAR_NOISE,
    THERMAL_NOISE,
    Records,
)
from earthcare_synthetic.products.on_footprints import resolutions, solar_quality
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group

#: What the filters let pass of sunlight and of heat, and the heat in the shortwave channel (of the
#: size in Velazquez Blazquez et al., doi:10.5194/amt-17-4245-2024).
SOLAR_PASS, THERMAL_PASS, HEAT_IN_SHORTWAVE = 0.84, 0.76, 0.004
#: Lengthening of footprints in the oblique views.
OBLIQUE = 1.2


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """One group per resolution, the same variables in each."""
    for name, footprint, _, records in resolutions(product, frame):
        sizes = {
            "along_track": len(records.lines),
            "bbr_direction": 3,
            "latitude_longitude": 2,
            "corner": 4,
        }
        group = f"ScienceData/{name.removesuffix('Resolution')}"
        yield Group(group, read_table("BM__RAD_2B"), sizes, _fields(frame, footprint, records))


def _fields(frame: Frame, footprint: Footprint, records: Records) -> Iterator[tuple[str, Array]]:
    yield "time", records.track.time + conventions.LEAP_SECONDS
    yield "latitude", records.latitude
    yield "longitude", records.longitude
    shape = records.latitude.shape
    elevation = frame.curtain.elevation[ENDS:-ENDS]
    yield "surface_elevation", np.broadcast_to(elevation[:, None], shape)
    for name in ("solar_azimuth", "solar_zenith", "viewing_azimuth", "viewing_zenith"):
        yield f"{name}_angle", getattr(records, name)
    solar, thermal = records.solar_radiance, records.thermal_radiance
    good = solar_quality(records)
    always = np.zeros_like(good)
    # With the scene that MSI sees, the unfiltering differs a little where cloud is broken.
    broken = (records.cover * (1 - records.cover))[:, None]
    for name, radiance, noise, quality in (
        ("solar_radiance", solar, SOLAR_NOISE, good),
        ("solar_radiance_MSI", solar * (1 + 0.01 * broken), SOLAR_NOISE, good),
        ("thermal_radiance", thermal, THERMAL_NOISE, always),
    ):
        yield name, radiance
        yield f"{name}_error", noise + 0.004 * radiance
        yield f"{name}_quality_status", quality
    yield (
        "shortwave_filtered_radiance",
        (SOLAR_PASS * np.nan_to_num(solar) + HEAT_IN_SHORTWAVE * thermal),
    )
    yield "longwave_filtered_radiance", THERMAL_PASS * thermal
    yield "quality_status", np.where(good > 1, 1, good).astype(np.int8)
    for weight, name in enumerate(("zero", "one")):
        along, across = footprint.half_sizes(weight)
        for view, stretch in {"nadir": 1.0, "fore": OBLIQUE, "aft": OBLIQUE}.items():
            corners = _corners(records, along * stretch, across)
            yield f"{name}_weight_edge_coordinate_{view}", corners


def _corners(records: Records, along_km: float, across_km: float) -> Array:
    """Latitude and longitude (2, corner, record) of a rectangle around each record."""
    track = records.track
    found = []
    for forward, right in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        ahead = beside(track.latitude, track.longitude, track.heading - 90, forward * along_km)
        found.append(beside(*ahead, track.heading, right * across_km))
    return np.stack([np.stack(part) for part in zip(*found, strict=True)])
