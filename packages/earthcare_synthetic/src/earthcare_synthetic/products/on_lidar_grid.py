"""What every product on ATLID's own heights shares: the heights, and the place of the profiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.cloud_top import CloudTop, find_cloud_top
from earthcare_synthetic.instruments.lidar.retrieval import LOW, MEDIUM
from earthcare_synthetic.instruments.lidar.signals import ORBIT_HEIGHT
from earthcare_synthetic.instruments.lidar.view import LidarView
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import HEIGHTS

#: Observed: 40 bins of 495.753 m, then 202 of 102.890 m, from 39.84 km to -0.48 km in the mean.
TOP, BOTTOM, COARSE_STEP, FINE_STEP = 39_839.17, -475.5, 495.753, 102.890
COARSE, FINE = 40, 202
#: Observed: the column drifts by up to 500 m along a frame, and jumps by some metres between
#: profiles.
DRIFT, JUMP = 420.0, 4.0
#: ATLID looks three degrees back from the nadir.
ELEVATION_ANGLE = 87.0
#: Scale height in m of the air above the curtain.
SCALE_HEIGHT = 7000.0


@dataclass(frozen=True)
class LidarGrid:
    """Native bins of ATLID: `height` (profile, bin) in m above the ellipsoid.

    `row` is the nearest height of the curtain, counted on above its top with negative numbers.
    """

    height: Field
    row: npt.NDArray[np.intp]

    def of(self, field: Array) -> Array:
        """A field of the curtain in the native bins."""
        return np.take_along_axis(np.asarray(field), np.maximum(self.row, 0), axis=1)

    def signals(self, view: LidarView) -> tuple[Field, Field]:
        """Signals of particles and of air, with noise and ever thinner air above the curtain."""
        row, signals = np.abs(self.row), view.signals
        mie, rayleigh, expected = (
            np.take_along_axis(np.asarray(field), row, axis=1)
            for field in (signals.mie, signals.rayleigh, signals.rayleigh_expected)
        )
        thinner = np.exp(-(self.height - HEIGHTS[0]) / SCALE_HEIGHT)
        above = signals.rayleigh_expected[:, :1] * thinner + rayleigh - expected
        return mie, np.where(self.row < 0, above, rayleigh)


def make_grid(frame: Frame) -> LidarGrid:
    """Heights of the native bins: they follow the satellite's height, and jump with its clock."""
    rng = np.random.default_rng([*frame.scene.swath.canvas.seed, 355])
    profiles = len(frame.curtain.elevation)
    along = np.linspace(0, 2 * np.pi, profiles)
    drift = DRIFT * np.sin(0.7 * along + rng.uniform(0, 2 * np.pi))
    shift = drift + rng.normal(0, JUMP, profiles).clip(-2 * JUMP, 2 * JUMP)
    coarse = TOP - COARSE_STEP * np.arange(COARSE)
    fine = BOTTOM + FINE_STEP * np.arange(FINE)[::-1]
    height = np.concatenate([coarse, fine]) + shift[:, None]
    edges = (HEIGHTS[1:] + HEIGHTS[:-1]) / 2
    row = np.searchsorted(-edges, -height)
    beyond = np.round((HEIGHTS[0] - height) / 500).astype(np.intp)
    return LidarGrid(height.astype(np.float32), np.where(beyond < 0, beyond, row))


def cloud_top(frame: Frame) -> CloudTop:
    """The uppermost cloud that ATLID sees, for all products that tell of it."""
    grid, view = make_grid(frame), frame.lidar
    return find_cloud_top(
        grid.height, grid.of(view.features.simple), grid.of(view.retrieved.profiles.extinction)
    )


def sizes(frame: Frame) -> dict[str, int]:
    """Dimensions of a curtain of ATLID."""
    return {"along_track": len(frame.curtain.elevation), "JSG_height": COARSE + FINE}


def geolocation(frame: Frame, grid: LidarGrid | None = None) -> Iterator[tuple[str, Array]]:
    """Time and place of the profiles; with a grid, of the bins and of the instrument too.

    Observed: the time of these products is that of the nadir instruments.
    """
    curtain, track = frame.curtain, frame.curtain.track
    yield "time", np.asarray(track.time) + conventions.LEAP_SECONDS
    yield "latitude", np.asarray(track.latitude)
    yield "longitude", np.asarray(track.longitude)
    yield "geoid_offset", np.asarray(curtain.geoid)
    yield "elevation", np.asarray(curtain.elevation)
    if grid is None:
        return
    yield "joint_standard_grid_index", np.arange(len(track.time), dtype=np.float64)
    yield "height", grid.height
    slant = (ORBIT_HEIGHT - grid.height) / np.sin(np.radians(ELEVATION_ANGLE))
    yield "range", slant.astype(np.float32)
    yield "viewing_elevation_angle", np.full(len(track.time), ELEVATION_ANGLE, np.float32)
    yield "tropopause_height", np.asarray(curtain.tropopause)


def land_flag(frame: Frame) -> tuple[str, Array]:
    """Whether the profiles are over land."""
    return "land_flag", np.asarray(frame.curtain.land, dtype=np.int8)


def resolutions() -> Iterator[tuple[str, Array]]:
    """Profiles in the running means of medium and low resolution."""
    yield "medium_resolution_number_of_joint_standard_grid_pixels", np.array(MEDIUM, np.float32)
    yield "low_resolution_number_of_joint_standard_grid_pixels", np.array(LOW, np.float32)
