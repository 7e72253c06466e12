"""Where and when MSI looked: the pixels of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

import numpy as np
import numpy.typing as npt

from earthcare_products import msi_grid
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic import layout
from earthcare_synthetic.ground_track import beside, frame_time, node_time, track
from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, enlarge, noise

#: Smooth fields (the Sun, the geoid) are computed at every 32nd pixel only.
COARSE_LEVEL = 5


@dataclass(frozen=True)
class Swath:
    """Pixels of a frame and its margins; `time` is UTC seconds since 2000, no leap seconds."""

    canvas: Canvas
    day_of_year: float
    time: npt.NDArray[np.float64]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    geoid: Field
    elevation: Field
    land: Mask
    solar_zenith: Field


def canvas_of(product: GranuleId, level: int = 0) -> Canvas:
    """The pixel lattice of a frame, seeded so that all its products see the same scene."""
    begin, end = frame_time(product.orbit, product.frame)
    lines = ceil((end - begin).total_seconds() / msi_grid.LINE_SECONDS) + 2 * layout.MARGIN_LINES
    seed = (product.orbit, ord(product.frame))
    return Canvas(lines, msi_grid.COLUMNS, msi_grid.PITCH_KM, level, seed)


def seconds_from_start(canvas: Canvas) -> npt.NDArray[np.float64]:
    """Seconds from the start of the frame to each line of a canvas."""
    lines = np.arange(canvas.shape[0]) * canvas.stride - layout.MARGIN_LINES
    return np.asarray(lines * msi_grid.LINE_SECONDS)


def positions(
    product: GranuleId, canvas: Canvas
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Latitude and longitude of pixel centres; the frame begins at the time its id states."""
    begin, _ = frame_time(product.orbit, product.frame)
    since_node = (begin - node_time(product.orbit)).total_seconds() + seconds_from_start(canvas)
    latitude, longitude, heading = track(product.orbit, since_node)
    column = np.arange(canvas.shape[1]) * canvas.stride
    right_km = (column - msi_grid.NADIR_COLUMN) * msi_grid.PITCH_KM
    return beside(latitude[:, None], longitude[:, None], heading[:, None], right_km)


def make_swath(product: GranuleId, level: int = 0) -> Swath:
    """Geometry of every pixel of a frame, or of every ``2**level``-th."""
    canvas = canvas_of(product, level)
    latitude, longitude = positions(product, canvas)
    start = (product.start_time - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    coarse = canvas.at_level(COARSE_LEVEL)
    # One more point on each side, so that the last pixels are interpolated too.
    padded = Canvas(
        canvas.lines + coarse.stride, canvas.columns + coarse.stride, canvas.pixel_km,
        COARSE_LEVEL, canvas.seed,
    )  # fmt: skip
    lat, lon = positions(product, padded)
    zenith, _ = world.solar_angles((start + seconds_from_start(padded))[:, None], lat, lon)
    geoid = world.sum_of(world.GEOID, lat, lon)
    share = world.land_share(lat, lon)
    height = 250 * share**1.5 + world.sum_of(world.MOUNTAINS, lat, lon)
    # The mask has pixels of 5 km: noise gives the coast the detail that it lacks.
    coast = 0.12 * np.clip(noise(canvas, "coast", 5, 2.0), -3, 3)
    half = canvas.at_level(max(canvas.level, 1))
    step = half.stride // canvas.stride
    shore = world.near_land(latitude[::step, ::step], longitude[::step, ::step])
    land = enlarge(shore, half.stride, canvas) + coast > 0.5
    hills = enlarge(np.maximum(height, 20), coarse.stride, canvas)
    hills = hills * np.exp(0.25 * np.clip(noise(canvas, "hills", 120, 2.2), -2.5, 2.5))
    sea_level = enlarge(geoid, coarse.stride, canvas)
    nadir = min(msi_grid.NADIR_COLUMN // canvas.stride, canvas.shape[1] - 1)
    return Swath(
        canvas=canvas,
        day_of_year=float(product.start_time.timetuple().tm_yday),
        time=start + seconds_from_start(canvas),
        latitude=latitude,
        longitude=longitude,
        geoid=np.ascontiguousarray(sea_level[:, nadir]),
        elevation=np.asarray(sea_level + np.where(land, hills, 0), dtype=np.float32),
        land=land,
        solar_zenith=enlarge(zenith, coarse.stride, canvas),
    )
