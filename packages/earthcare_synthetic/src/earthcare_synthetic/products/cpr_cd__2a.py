"""CPR_CD__2A (C-CD): Doppler velocity, from as measured to the best estimate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.doppler import WINDOW, measure_doppler
from earthcare_synthetic.products.on_radar_grid import (
    BIN_DEPTH,
    Array,
    RadarGrid,
    sensor_altitude,
)
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.grid import STEP_KM

#: Variables on bins whose values are fields of `Doppler`.
ON_BINS = {
    "doppler_velocity_uncorrected": "uncorrected",
    "spectrum_width_uncorrected": "spectrum_width",
    "doppler_velocity_and_spectrum_width_uncorrected_status": "uncorrected_status",
    "doppler_velocity_corrected_for_mispointing": "without_pointing",
    "doppler_velocity_corrected_for_nubf": "without_uneven_filling",
    "along_track_reflectivity_gradient": "gradient",
    "doppler_velocity_corrected_for_nubf_status": "confidence",
    "doppler_velocity_integrated": "integrated",
    "doppler_velocity_integrated_error": "integrated_error",
    "doppler_velocity_and_spectrum_width_integrated_error": "scatter",
    "doppler_velocity_and_spectrum_width_integrated_status": "confidence",
    "doppler_velocity_best_estimate": "best",
    "sedimentation_velocity_best_estimate": "fall_speed",
    "sedimentation_velocity_best_estimate_error": "fall_speed_error",
    "sedimentation_velocity_best_estimate_status": "fall_speed_status",
}
#: Variables along the track, likewise.
ALONG = {
    "nyquist_velocity": "nyquist",
    "surface_doppler_velocity": "surface_velocity",
    "doppler_velocity_pointing_bias": "pointing_bias",
}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    grid = RadarGrid(frame)
    yield Group("ScienceData", read_table("CPR_CD__2A"), grid.sizes, _fields(product, grid))


def _fields(product: GranuleId, grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    yield from grid.geolocation()
    curtain = grid.curtain
    # One measurement for all products of the frame, as in `radar.look`.
    seed = (product.orbit, ord(product.frame), 94)
    altitude = sensor_altitude(curtain.track.latitude)
    doppler = measure_doppler(seed, curtain, grid.radar, altitude)
    bad = np.where(np.isin(doppler.confidence, (0, 1)), 0, 1).astype(np.int8)
    yield "quality_status", grid.on_bins(bad, 1)
    for name, field in ALONG.items():
        yield name, grid.along(getattr(doppler, field))
    for name, field in ON_BINS.items():
        values = getattr(doppler, field)
        below = conventions.BYTE_FILL if values.dtype.kind == "i" else np.nan
        yield name, grid.on_bins(values, below)
    there = np.isfinite(doppler.integrated)
    width = np.where(there, doppler.spectrum_width, np.nan)
    yield "spectrum_width_integrated", grid.on_bins(width)
    yield "spectrum_width_integrated_error", grid.on_bins(0.7 * doppler.integrated_error)
    for name, length in (
        ("along_track_integration_length", 1000 * STEP_KM * WINDOW[0]),
        ("vertical_integration_length", BIN_DEPTH * WINDOW[1]),
    ):
        yield name, grid.on_bins(np.where(there, np.float32(length), np.nan))
