"""Layers in the profiles of ATLID, and how the retrieval of each profile went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import INTEGER_FILL
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.features import CLEAR
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.scene.fractal import Field

#: Observed: layers that a profile can hold.
MAX_LAYERS = 25
#: Share of profiles with layers whose retrieval does not converge.
STUBBORN = 0.008
#: Extended quality of a profile.
NOMINAL, NO_LAYERS, NOT_CONVERGED, TOO_MANY, LOST = 0, 1, 2, 100, 200


@dataclass(frozen=True)
class Layers:
    """Runs of bins of one simple class: `count` (profile,), `top` and `bottom` (profile, layer).

    `top` and `bottom` are indices of bins from above, with fill where there is no layer.
    """

    count: npt.NDArray[np.int32]
    top: npt.NDArray[np.int32]
    bottom: npt.NDArray[np.int32]


def find_layers(simple: Array) -> Layers:
    """Layers of a simple classification (profile, bin), from above; not more than `MAX_LAYERS`."""
    inside = simple > 0
    padded = np.pad(np.where(inside, simple, 0), ((0, 0), (1, 1)))
    change = padded[:, 1:] != padded[:, :-1]
    profile, top = np.nonzero(change[:, :-1] & inside)
    bottom = np.nonzero(change[:, 1:] & inside)[1]
    count = np.bincount(profile, minlength=len(simple))
    order = np.arange(len(profile)) - np.repeat(np.cumsum(count) - count, count)
    kept = order < MAX_LAYERS
    tops, bottoms = np.full((2, len(simple), MAX_LAYERS), INTEGER_FILL, np.int32)
    tops[profile[kept], order[kept]] = top[kept]
    bottoms[profile[kept], order[kept]] = bottom[kept]
    return Layers(np.minimum(count, MAX_LAYERS).astype(np.int32), tops, bottoms)


def extended_quality(frame: Frame, layers: Layers, bins: int) -> npt.NDArray[np.int16]:
    """Extended quality, the same for all bins of a profile."""
    rng = np.random.default_rng([*frame.scene.swath.canvas.seed, 2])
    stuck = (rng.random(len(layers.count)) < STUBBORN) & (layers.count > 0)
    quality = np.where(layers.count == 0, NO_LAYERS, NOMINAL) + np.where(stuck, NOT_CONVERGED, 0)
    quality = quality + np.where(layers.count == MAX_LAYERS, TOO_MANY, 0)
    quality = np.where(frame.lidar.features.missing, LOST, quality)
    return np.repeat(quality[:, None], bins, axis=1).astype(np.int16)


def layer_means(field: Array, layers: Layers) -> Field:
    """Mean of what is known of a field (profile, bin) in each layer, (profile, layer)."""
    there = layers.top != INTEGER_FILL
    top, bottom = np.where(there, layers.top, 0), np.where(there, layers.bottom, 0)
    known = np.isfinite(field)
    sums, count = (
        np.take_along_axis(total, bottom + 1, 1) - np.take_along_axis(total, top, 1)
        for total in (
            np.pad(np.cumsum(values, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
            for values in (np.where(known, field, 0), known)
        )
    )
    return np.where(there & (count > 0), sums / np.maximum(count, 1), np.nan).astype(np.float32)


def with_clear_air(values: Array, simple: Array, clear: float) -> Field:
    """Values with `clear` where the simple classification says so; NaN stays elsewhere."""
    return np.where(simple == CLEAR, np.float32(clear), values)
