"""What every ESA product on CPR's own grid shares: 218 bins, which move from profile to profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import HEIGHTS, MARGIN

Array = npt.NDArray[Any]

#: Observed: number of bins, of which the last two are fill; their distance; highest and lowest top.
BINS, EMPTY_BINS, BIN_DEPTH = 218, 2, 99.930
TOPS = (20_178.0, 20_242.0)
#: Observed: profiles before and after the frame.
RADAR_MARGIN = 14
#: First of the heights of the curtain, and the last, that the grid reaches.
FIRST, LAST = int(np.argmax(HEIGHTS < 20_250)), len(HEIGHTS) - 1
#: Echo of the ground in dBZ from which its height can be told.
CLEAR_GROUND = 15.0


@dataclass(frozen=True)
class RadarGrid:
    """CPR's bins in a curtain. Fields of the curtain come as (profile, height)."""

    frame: Frame

    @property
    def curtain(self) -> Curtain:
        """What is looked at."""
        return self.frame.curtain

    @property
    def radar(self) -> Radar:
        """What is seen of it."""
        return self.frame.radar

    @cached_property
    def inside(self) -> slice:
        """The profiles of the curtain that the product has."""
        skipped = MARGIN - RADAR_MARGIN
        return slice(skipped, len(self.curtain.elevation) - skipped)

    @property
    def sizes(self) -> dict[str, int]:
        """Dimensions."""
        return {"along_track": self.inside.stop - self.inside.start, "CPR_height": BINS}

    @cached_property
    def height(self) -> Field:
        """Heights of the bins in m above the ellipsoid, NaN in the empty ones."""
        low, high = TOPS
        steps = 2.5 + 1.5 * np.sin(0.01 * np.arange(self.sizes["along_track"]))
        drift = np.cumsum(steps) % (2 * (high - low))
        top = high - np.abs(drift - (high - low))  # back and forth between the two
        height = top[:, None] - BIN_DEPTH * np.arange(BINS)
        height[:, -EMPTY_BINS:] = np.nan
        return height.astype(np.float32)

    @cached_property
    def index(self) -> npt.NDArray[np.intp]:
        """For each bin, which height of the curtain is nearest; may lie below the last."""
        below = (HEIGHTS[FIRST] - self.height) / (HEIGHTS[FIRST] - HEIGHTS[FIRST + 1])
        nearest = np.rint(np.nan_to_num(below, nan=0)).astype(np.intp)
        return np.asarray(nearest.clip(0) + FIRST)

    def on_bins(
        self, field: Array, underground: float = np.nan, empty: float | None = None
    ) -> Array:
        """A field of the curtain at the bins of the radar.

        Parameters
        ----------
        field : ndarray
            (profile, height), all profiles of the curtain.
        underground : float, optional
            The value below the lowest height of the curtain; codes need one.
        empty : float, optional
            The value in the empty bins; by default fill.
        """
        picked = np.take_along_axis(
            np.asarray(field[self.inside]), np.minimum(self.index, LAST), axis=1
        )
        if empty is None:
            empty = conventions.BYTE_FILL if picked.dtype.kind == "i" else np.nan
        picked[self.index > LAST] = underground
        picked[:, -EMPTY_BINS:] = empty
        return picked

    def along(self, field: Array) -> Array:
        """A field (profile,) of the curtain."""
        return np.asarray(field[self.inside])

    def geolocation(self) -> Iterator[tuple[str, Array]]:
        """Time, place and ground, by name of variable."""
        curtain = self.curtain
        elevation = self.along(curtain.elevation)
        latitude = self.along(curtain.track.latitude)
        yield "time", self.along(curtain.track.time) + conventions.LEAP_SECONDS
        yield "latitude", latitude
        yield "longitude", self.along(curtain.track.longitude)
        yield "height", self.height
        yield "geoid_offset", self.along(curtain.geoid)
        yield "surface_elevation", elevation
        depth = (self.height[:, 0] - elevation) / BIN_DEPTH
        yield "surface_bin_number", np.floor(depth) + 1  # counted from 1
        yield "surface_bin_fraction", depth - np.floor(depth)
        surface = np.asarray(self.radar.surface)[:, None]
        echo = np.take_along_axis(np.asarray(self.radar.reflectivity), surface, axis=1)[:, 0]
        yield "surface_estimation_flag", (self.along(echo) < CLEAR_GROUND).astype(np.int8)
        yield "land_flag", self.along(curtain.land).astype(np.int8)
        yield "sensor_altitude", sensor_altitude(latitude)


def sensor_altitude(latitude: Array) -> Array:
    """Altitude of the satellite in m above the ellipsoid.

    Of a frozen orbit with a semi-major axis of 6771.3 km, an eccentricity of 0.00115 and its
    perigee in the north, above an ellipsoid that is 21.4 km lower at the poles.
    """
    sine = np.sin(np.radians(latitude))
    return np.asarray(393_100 + 21_400 * sine**2 - 7_800 * sine, dtype=np.float32)


def with_only(fields: Iterator[tuple[str, Array]], names: set[str]) -> Iterator[tuple[str, Array]]:
    """Those fields that a file has."""
    return ((name, values) for name, values in fields if name in names)
