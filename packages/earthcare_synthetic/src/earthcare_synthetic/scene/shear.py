"""The wind grows with height: it leans clouds of ice and what falls from them, at all heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.deep_convection import wind_aloft
from earthcare_synthetic.scene.fractal import Canvas, Field, ramp
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths, smoothed

#: Profiles that the wind carries ice back per km below the top of its cloud: across the track, and
#: how much more along it. Rain falls five times as fast as snow, so low down it is this share.
ACROSS, ALONG, OF_RAIN = 0.6, 1.2, 0.35
#: Between these heights in m the one becomes the other, without a kink.
RAIN_BELOW, SNOW_ABOVE = 1000.0, 7000.0
#: Length in km over which tops are averaged, so that a cloud leans as a whole.
LENGTH = 40.0


@dataclass(frozen=True)
class Lean:
    """For each pixel (profile, height), the profile above which its water set out."""

    profile: npt.NDArray[np.intp]

    def of(self, field: Field) -> Field:
        """A field of upright columns as the wind has leant it."""
        return np.asarray(np.take_along_axis(field, self.profile, axis=0), dtype=np.float32)


def make_lean(canvas: Canvas, layer: Layer) -> Lean:
    """How far what is below the top of a layer lags behind it.

    Fall streaks: the drift is the integral of the wind, relative to that of the top, over the fall
    speed (after Marshall, 1953, on the trails of snow that a radar shows).

    Parameters
    ----------
    canvas : Canvas
        Lattice of the curtain: its seed decides on the direction.
    layer : Layer
        Below the satellite, (profile,).
    """
    weight = np.minimum(layer.optical_thickness, 2.0)
    top = smoothed(weight * layer.top, LENGTH) / np.maximum(smoothed(weight, LENGTH), 1e-4)
    rate = OF_RAIN + (1 - OF_RAIN) * ramp(HEIGHTS, RAIN_BELOW, SNOW_ABOVE)
    from_ground = np.cumsum((rate * layer_depths())[::-1])[::-1] / 1000
    below = np.interp(top, HEIGHTS[::-1], from_ground[::-1])[:, None] - from_ground
    ahead = float(np.cos(wind_aloft(canvas)))
    speed = (ACROSS + ALONG * abs(ahead)) * (1 if ahead > 0 else -1)
    drift = np.rint(speed * np.maximum(below, 0)).astype(np.intp)
    profiles = len(layer.top)
    return Lean((np.arange(profiles)[:, None] + drift).clip(0, profiles - 1))
