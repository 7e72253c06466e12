"""MSI_RGR_1C (M-RGR): radiances and brightness temperatures on the MSI swath."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from earthcare_products import conventions, msi_grid
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic import layout
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.cloud_retrieval import lost_lines
from earthcare_synthetic.instruments.imager.radiance import (
    BANDS,
    HORIZON,
    SOLAR,
    Signals,
    make_signals,
    solar_irradiance,
)
from earthcare_synthetic.instruments.imager.viewing import viewing
from earthcare_synthetic.products.on_swath import SEEN, Array, geolocation, inside, sizes
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group, Piece
from earthcare_synthetic.scene.haze import make_haze
from earthcare_synthetic.scene.lines import cut, pieces
from earthcare_synthetic.scene.surface import Surface, make_surface

#: Steps of the digitised signal, in W m-2 sr-1 um-1 and K: powers of two, some 13 bits.
STEPS = (1 / 16, 1 / 32, 1 / 128, 1 / 256, 1 / 64, 1 / 64, 1 / 64)
#: Noise of the solar bands relative to their signal, and at none in W m-2 sr-1 um-1; of the thermal
#: bands in K at 220 and 300 K: the requirements (Wehr et al., doi:10.5194/amt-16-3581-2023).
RELATIVE_NOISE, DARK_NOISE = (0.002, 0.002, 0.004, 0.004), (0.06, 0.05, 0.02, 0.012)
COLD_NOISE, WARM_NOISE = 0.60, 0.12
#: Uncertainty of the calibration: relative in the solar bands, in K in the thermal ones.
SOLAR_CALIBRATION, THERMAL_CALIBRATION = 0.03, 0.5
#: Codes of the quality of a pixel; 0 is good.
SATURATED, UNUSED, BROKEN = 2, 3, 4
#: Brightest radiance that the solar bands tell from a brighter one.
SATURATION = (560.0, 370.0, 80.0, 28.0)


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    swath = frame.scene.swath
    sizes_here = {"band": len(BANDS), **sizes(swath)}
    yield Group("ScienceData", read_table("MSI_RGR_1C"), sizes_here, _fields(product, frame))


def _fields(product: GranuleId, frame: Frame) -> Iterator[tuple[str, Array | Piece]]:
    scene, swath = frame.scene, frame.scene.swath
    yield from geolocation(swath)
    yield "surface_elevation", inside(swath.elevation)
    yield "land_flag", inside(swath.land.astype(np.int8), conventions.BYTE_FILL)
    yield "solar_spectral_irradiance", solar_irradiance(swath.day_of_year)
    lines = swath.canvas.shape[0]
    lost = lost_lines(swath.canvas)
    yield "line_quality_status", np.broadcast_to(lost, (len(BANDS), lines)).astype(np.int8)
    angles = viewing(swath)
    yield "solar_elevation_angle", inside(90 - angles.solar_zenith)
    yield "solar_azimuth_angle", inside(angles.solar_azimuth)
    yield "sensor_elevation_angle", inside(90 - angles.sensor_zenith)
    yield "sensor_azimuth_angle", inside(angles.sensor_azimuth)
    surface = make_surface(scene)
    yield "surface_index", inside(_surface_index(surface), conventions.BYTE_FILL)
    haze = make_haze(frame.curtain, swath).optical_thickness_670nm
    rng = np.random.default_rng([*swath.canvas.seed, crc32(product.text.encode())])
    irradiance = solar_irradiance(swath.day_of_year)[:, SEEN]
    for part in pieces(lines, layout.chunk_shape((lines,))[0]):
        seen = make_signals(
            cut(scene, part, SEEN),
            cut(surface, part, SEEN),
            cut(angles, part, SEEN),
            haze[part, SEEN],
            irradiance,
        )
        yield from _measure(seen, lost[part][:, None], part, rng)


def _measure(
    seen: Signals, lost: Array, part: slice, rng: np.random.Generator
) -> Iterator[tuple[str, Piece]]:
    """Values, uncertainty and quality of all bands in some lines."""
    shape = (len(BANDS), part.stop - part.start, msi_grid.COLUMNS)
    values, uncertainty = (np.full(shape, np.nan, np.float32) for _ in range(2))
    quality = np.full(shape, conventions.BYTE_FILL, np.int8)
    for band, signal in enumerate(seen.values):
        if band < len(SOLAR):
            noise = RELATIVE_NOISE[band] * signal + DARK_NOISE[band]
            systematic = SOLAR_CALIBRATION * signal
            limit = SATURATION[band]
        else:
            cold = np.clip((300 - signal) / 80, 0, 1.5)
            noise = WARM_NOISE * (COLD_NOISE / WARM_NOISE) ** cold
            systematic = np.full_like(signal, THERMAL_CALIBRATION)
            limit = np.inf
        step = np.float32(STEPS[band])
        measured = signal + noise * rng.standard_normal(signal.shape, np.float32)
        measured = np.where(lost, np.float32(np.nan), np.minimum(measured, limit))
        values[band, :, SEEN] = np.round(measured / step) * step
        uncertainty[band, :, SEEN] = np.round(np.hypot(noise, systematic) / step) * step
        unseen = np.where(seen.cos_sun > HORIZON, 0, UNUSED) if band < len(SOLAR) else 0
        quality[band, :, SEEN] = np.select((lost, measured >= limit), (BROKEN, SATURATED), unseen)
    where = (slice(len(BANDS)), part, slice(msi_grid.COLUMNS))
    yield "pixel_values", Piece(where, values)
    yield "pixel_values_uncertainty", Piece(where, uncertainty)
    yield "pixel_quality_status", Piece(where, quality)


def _surface_index(surface: Surface) -> Array:
    classes = (
        surface.sea_ice > 0.5, ~surface.land, surface.snow > 0.5, surface.desert > 0.5,
        surface.green > 0.5,
    )  # fmt: skip
    return np.select(classes, (5, 0, 4, 2, 3), 1).astype(np.int8)
