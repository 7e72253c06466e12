"""CPR_FMR_2A (C-FMR): radar reflectivity, attenuation by gas, and where there are hydrometeors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.detection import NOISE, Status
from earthcare_synthetic.products.on_radar_grid import FIRST, LAST, Array, RadarGrid
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field

#: Pulses in a profile of 1 km.
PULSES = 1000


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    grid = RadarGrid(frame)
    yield Group("ScienceData", read_table("CPR_FMR_2A"), grid.sizes, _fields(grid))


def _fields(grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    yield from grid.geolocation()
    radar = grid.radar
    received = grid.on_bins(radar.reflectivity)
    # Below the lowest height of the curtain there is noise, as anywhere.
    deep = np.maximum(grid.index - LAST, 0)
    noise = np.take_along_axis(grid.along(radar.reflectivity), deep + FIRST, axis=1)
    received = np.where((deep > 0) & np.isfinite(grid.height), noise, received)
    masked = np.where(radar.target, radar.reflectivity, np.nan)
    good = np.isin(radar.detection_status, (Status.REFLECTIVITY_ONLY, Status.RELIABLE))
    yield "quality_status", grid.on_bins((~good).astype(np.int8), 1)
    yield "reflectivity_no_attenuation_correction", received
    yield "reflectivity_masked", grid.on_bins(masked)
    yield "reflectivity_corrected", grid.on_bins(masked + radar.gas_attenuation)
    yield "reflectivity_error", grid.on_bins(reflectivity_error(masked))
    yield "path_integrated_attenuation", grid.along(radar.path_integrated_attenuation)
    yield "brightness_temperature", grid.along(radar.brightness_temperature)
    yield "detection_status", grid.on_bins(radar.detection_status, Status.GROUND, Status.NO_DATA)
    yield "multiple_scattering_status", grid.on_bins(radar.multiple_scattering_status, 0, 0)


def reflectivity_error(measured: Field) -> Field:
    """Standard deviation in dB: speckle of all pulses, and noise where the echo is faint.

    Doviak and Zrnic, Doppler Radar and Weather Observations, 1993, section 6.3.
    """
    noise_to_signal = 10 ** ((NOISE + 14 - measured) / 10)  # of one pulse
    return np.asarray(4.34 * (1 + noise_to_signal) / np.sqrt(PULSES), dtype=np.float32)
