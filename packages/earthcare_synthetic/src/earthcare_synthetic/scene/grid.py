"""The joint standard grid: where along the track, and at which heights, the profiles lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.ground_track import frame_time, node_time, track
from earthcare_synthetic.scene.fractal import Canvas, Field, noise

#: Observed: seven laser shots at 51 Hz make a profile; now and then the grid skips some, so that
#: profiles are 0.143 s apart in the mean (4867 of them in the 696 s of frame E).
SHOTS_SECONDS, MEAN_SECONDS, SKIP_EVERY = 0.13725, 0.1430, 7
#: Observed: profiles before and after the frame, in products on ATLID's grid.
MARGIN = 99
#: Mean distance between profiles over ground, in km.
STEP_KM = 1.03
#: Observed in AC__TC__2B: heights of the pixels in m above the ellipsoid, 242 of them, descending.
HEIGHTS = np.concatenate(
    [np.arange(37_000, 20_499, -500), np.arange(20_200, -501, -100)], dtype=np.float32
)


@dataclass(frozen=True)
class Track:
    """Profiles of a frame and its margins: `time` is UTC seconds since 2000, without leap seconds.

    `heading` is the direction of flight, in degrees clockwise from north.
    """

    time: npt.NDArray[np.float64]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    heading: npt.NDArray[np.float64]


def make_track(product: GranuleId) -> Track:
    """Time and place of each profile of a frame, with ``MARGIN`` profiles on each side."""
    begin, end = frame_time(product.orbit, product.frame)
    inside = round((end - begin).total_seconds() / MEAN_SECONDS)
    steps = np.full(inside + 2 * MARGIN, SHOTS_SECONDS)
    steps[::SKIP_EVERY] += SKIP_EVERY * (MEAN_SECONDS - SHOTS_SECONDS)
    since_start = np.cumsum(steps)
    since_start -= since_start[MARGIN]
    since_node = (begin - node_time(product.orbit)).total_seconds() + since_start
    latitude, longitude, heading = track(product.orbit, since_node)
    start = (product.start_time - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
    return Track(start + since_start, latitude, longitude, heading)


def layer_depths() -> Field:
    """Depth in m of each pixel of `HEIGHTS`."""
    edges = (HEIGHTS[1:] + HEIGHTS[:-1]) / 2
    edges = np.concatenate([[HEIGHTS[0] + 250], edges, [HEIGHTS[-1] - 50]])
    return np.asarray(edges[:-1] - edges[1:], dtype=np.float32)


def curtain_canvas(profiles: int, seed: tuple[int, ...]) -> Canvas:
    """The lattice of a curtain: a step is a profile along it and a pixel of 100 m upwards."""
    return Canvas(profiles, len(HEIGHTS), STEP_KM, 0, seed)


def sheets(canvas: Canvas, name: str, outer_km: float, stretch: int = 16) -> Field:
    """Noise in flat sheets: `stretch` times longer along a curtain than that of the canvas itself.

    The largest structures have the length `outer_km`, and about a hundredth of it in height.
    """
    short = Canvas(canvas.lines // stretch + 2, canvas.columns, STEP_KM * stretch, 0, canvas.seed)
    coarse = noise(short, name, outer_km, 2.2)
    where = np.arange(canvas.lines) / stretch
    low = where.astype(int)
    share = (where - low).astype(np.float32)[:, None]
    return np.asarray(coarse[low] * (1 - share) + coarse[low + 1] * share, dtype=np.float32)


def line_noise(canvas: Canvas, name: str, outer_km: float, slope: float = 5 / 3) -> Field:
    """Noise along a curtain, (profile,): rough at all scales up to `outer_km`."""
    return noise(Canvas(canvas.lines, 1, STEP_KM, 0, canvas.seed), name, outer_km, slope)[:, 0]


def smoothed(field: npt.NDArray[np.floating], length_km: float) -> Field:
    """Running mean along a curtain with a Gaussian weight, (profile,)."""
    width = length_km / STEP_KM
    offsets = np.arange(-round(3 * width), round(3 * width) + 1)
    weights = np.exp(-0.5 * (offsets / width) ** 2)
    padded = np.pad(field, len(offsets) // 2, mode="edge")
    return np.asarray(np.convolve(padded, weights / weights.sum(), "valid"), dtype=np.float32)
