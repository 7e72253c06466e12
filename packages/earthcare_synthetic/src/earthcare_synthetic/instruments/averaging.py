"""Running means over boxes of a curtain, where only some of the pixels count."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene.fractal import Field, Mask


def box_mean(field: Field, counts: Mask, profiles: int, heights: int = 1) -> Field:
    """Mean over the pixels that count in the box around each pixel; NaN where none does.

    Parameters
    ----------
    field, counts : ndarray
        Values (profile, height), and which of them count.
    profiles, heights : int
        Size of the box, odd; it is cut off at the edges of the curtain.
    """
    sums = box_sum(np.where(counts, field, 0), profiles, heights)
    found = box_sum(counts, profiles, heights)
    mean = np.where(found > 0.5, sums / np.maximum(found, 1), np.nan)
    return np.asarray(mean, dtype=np.float32)


def box_sum(field: npt.NDArray[Any], profiles: int, heights: int = 1) -> Field:
    """Sum over the box around each pixel."""
    total = np.asarray(field, dtype=np.float64)
    for axis, size in enumerate((profiles, heights)):
        if size > 1:
            total = _running_sum(total, axis, size // 2)
    return np.asarray(total, dtype=np.float32)


def _running_sum(field: npt.NDArray[np.float64], axis: int, reach: int) -> npt.NDArray[np.float64]:
    length = field.shape[axis]
    zero = np.zeros_like(field.take([0], axis))
    until = np.concatenate([zero, np.cumsum(field, axis)], axis)
    where = np.arange(length)
    last, first = np.minimum(where + reach + 1, length), np.maximum(where - reach, 0)
    return np.asarray(until.take(last, axis) - until.take(first, axis))
