"""Which kind of aerosol a lidar ratio and a depolarisation speak for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.lidar.optics import (
    AEROSOLS,
    ICE,
    ICE_DEPOLARISATION,
    ICE_LIDAR_RATIO,
)
from earthcare_synthetic.scene import aerosol
from earthcare_synthetic.scene.fractal import Field

#: The classes of A-TC that lidar ratio and depolarisation tell apart, in the order of the product.
CLASSES = (
    aerosol.DUST,
    aerosol.SEA_SALT,
    aerosol.POLLUTION,
    aerosol.SMOKE,
    aerosol.DUSTY_SMOKE,
    aerosol.DUSTY_MIX,
    ICE,
)
#: Codes of A-TC for an aerosol that is like none of them, or like several.
UNLIKELY, OUTSIDE = 101, 102
#: Largest distance from a class, in standard deviations; smallest probability of the best one.
FAR, BEST = 3.0, 0.4


def probabilities(
    lidar_ratio: Field,
    lidar_ratio_error: npt.NDArray[Any] | float,
    depolarisation: Field,
    depolarisation_error: npt.NDArray[Any] | float,
) -> tuple[Field, Field]:
    """Probability (n, 7) of each class, and distance (n,) of the nearest, in standard deviations.

    Normal distributions about each class, widened by the errors, as in HETEAC (Wandinger et al.,
    doi:10.5194/amt-16-2485-2023).
    """
    ranges = [*(AEROSOLS[code] for code in CLASSES[:-1]), _ice_range()]
    low, high, dry, wet = np.array(ranges, np.float32).T
    ratio_width = np.hypot((high - low) / 2, np.atleast_1d(lidar_ratio_error)[:, None])
    depol_width = np.hypot((wet - dry) / 2, np.atleast_1d(depolarisation_error)[:, None])
    off_ratio = (lidar_ratio[:, None] - (low + high) / 2) / ratio_width
    off_depol = (depolarisation[:, None] - (dry + wet) / 2) / depol_width
    distance = np.hypot(off_ratio, off_depol)
    likely = np.exp(-0.5 * np.minimum(distance, 12) ** 2) / (ratio_width * depol_width)
    share = likely / np.maximum(likely.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray(share, dtype=np.float32), distance.min(axis=1)


def aerosol_class(share: Field, distance: Field) -> npt.NDArray[np.int8]:
    """Code of A-TC for each row of probabilities."""
    best = np.array(CLASSES, np.int8)[share[:, :-1].argmax(axis=1)]
    best = np.where(share[:, :-1].max(axis=1) < BEST, UNLIKELY, best)
    return np.where(distance > FAR, OUTSIDE, best).astype(np.int8)


def _ice_range() -> tuple[float, float, float, float]:
    return (
        ICE_LIDAR_RATIO - 5,
        ICE_LIDAR_RATIO + 5,
        ICE_DEPOLARISATION - 0.06,
        ICE_DEPOLARISATION + 0.06,
    )
