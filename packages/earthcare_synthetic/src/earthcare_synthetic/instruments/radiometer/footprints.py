"""The footprints of BBR: means of MSI pixels, weighted by its point spread function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_products import msi_grid
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.world import Array

#: Distance between lines over ground in km.
LINE_KM = 0.4545


@dataclass(frozen=True)
class Footprint:
    """Size in km along and across the track, where the weight has fallen to a half.

    The weight is one inside and falls to zero over `soft` km, half of it on either side.
    """

    along_km: float
    across_km: float
    soft: float = 4.0

    def half_sizes(self, weight: int) -> tuple[float, float]:
        """Half sizes in km along and across of the rectangle on which the weight is 0 or 1."""
        step = -self.soft / 2 if weight else self.soft / 2
        return self.along_km / 2 + step, self.across_km / 2 + step


#: By the names of the groups of BMA_FLX_2B: 10 km is BBR's standard, the assessment domain that of
#: the closure of fluxes (Velazquez Blazquez et al., doi:10.5194/amt-17-4245-2024); the sizes of the
#: small and of the full product, and how soft their edges are, are chosen.
FOOTPRINTS = {
    "StandardResolution": Footprint(10, 10),
    "SmallResolution": Footprint(5, 10, 2.5),
    "FullResolution": Footprint(28, 17),
    "AssessmentResolution": Footprint(21, 5, 2.0),
}


def footprint_mean(field: Field, footprint: Footprint, lines: Array) -> Field:
    """Weighted mean of pixels (..., line, column) around fractional lines, (..., record).

    The middle column lies at nadir.
    """
    half = field.shape[-1] // 2
    across = _weights(np.arange(-half, half + 1) * msi_grid.PITCH_KM, footprint, 1)
    reach = int(footprint.half_sizes(0)[0] / LINE_KM) + 1
    along = _weights(np.arange(-reach, reach + 1) * LINE_KM, footprint, 0)
    series = np.asarray(field @ across.astype(np.float32))
    flat = series.reshape(-1, series.shape[-1])
    positions = np.arange(series.shape[-1])
    found = [
        np.interp(lines, positions, np.convolve(np.pad(each, reach, mode="edge"), along, "valid"))
        for each in flat
    ]
    return np.asarray(found, dtype=np.float32).reshape(*series.shape[:-1], len(lines))


def masked_mean(
    field: Field, where: Mask, footprint: Footprint, lines: Array
) -> tuple[Field, Field, Field]:
    """Mean and standard deviation of the pixels that count, and their share; NaN without any."""
    counted = where & np.isfinite(field)
    share = footprint_mean(counted.astype(np.float32), footprint, lines)
    # From a common value: squares of large numbers would lose their differences.
    origin = np.float32(np.mean(field[counted])) if counted.any() else np.float32(0)
    values = np.where(counted, field - origin, 0)
    enough = np.where(share > 0.01, share, np.nan)
    mean = footprint_mean(values, footprint, lines) / enough
    square = footprint_mean(values**2, footprint, lines) / enough
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return (mean + origin).astype(np.float32), spread.astype(np.float32), share


def _weights(distance: Array, footprint: Footprint, axis: int) -> Array:
    one, zero = footprint.half_sizes(1)[axis], footprint.half_sizes(0)[axis]
    weights = np.clip((zero - np.abs(distance)) / (zero - one), 0, 1)
    return np.asarray(weights / weights.sum())
