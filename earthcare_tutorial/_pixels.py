"""Values, blocks of them, and the corners of blocks: what the figures of the helpers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.conventions import BYTE_FILL, INTEGER_FILL, SHORT_FILL

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]

FILLS = {1: BYTE_FILL, 2: SHORT_FILL, 4: INTEGER_FILL}  # by size, where no attribute names one


def floats(data: xr.DataArray) -> Array:
    """Return the values as float, with NaN in place of what netCDF fills gaps with."""
    values = np.asarray(data.values)
    if values.dtype.kind == "i":
        return np.where(values == FILLS.get(values.itemsize), np.nan, values.astype(float))
    return np.where(np.abs(values) < 9e35, values, np.nan).astype(float)


def block_mean(values: Array, step: tuple[int, int], *, decibel: bool = False) -> Array:
    """Average blocks of an array over the values that are there.

    Parameters
    ----------
    values : numpy.ndarray
        Of shape (m, n), NaN where there is nothing.
    step : tuple of int
        Rows and columns of a block; the last ones may be smaller.
    decibel : bool
        Whether the values are decibels, which are averaged as the powers that they stand for.

    Returns
    -------
    numpy.ndarray
        NaN only where a whole block is.

    Examples
    --------
    >>> block_mean(np.array([[1.0, 3.0], [np.nan, np.nan], [5.0, 7.0]]), (2, 2))
    array([[2.],
           [6.]])
    """
    if step == (1, 1):
        return values
    values = 10 ** (values / 10) if decibel else values
    there = np.isfinite(values)
    count, total = _block_sum(there, step), _block_sum(np.where(there, values, 0.0), step)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return 10 * np.log10(mean) if decibel else mean


def block_mode(codes: Array, step: tuple[int, int]) -> Array:
    """Return the most frequent code of each block; of equally frequent ones, the smallest.

    Examples
    --------
    >>> block_mode(np.array([[3.0, 1.0, 3.0, np.nan]]), (1, 4))
    array([[3.]])
    """
    if step == (1, 1):
        return codes
    best = _block_sum(np.zeros(codes.shape), step)
    mode = np.full(best.shape, np.nan)
    for code in np.unique(codes[np.isfinite(codes)]):
        count = _block_sum(codes == code, step)
        mode[count > best] = code
        best = np.maximum(best, count)
    return mode


def _block_sum(values: Array, step: tuple[int, int]) -> Array:
    """Add up blocks."""
    values = values.astype(float)
    for axis, size in enumerate(step):
        values = np.add.reduceat(values, np.arange(0, values.shape[axis], size), axis=axis)
    return values


def edges(centres: Array, step: tuple[int, ...]) -> Array:
    """Return the corners of blocks of pixels, one more along each axis than there are blocks."""
    for axis, size in enumerate(step):
        margin = [(int(n == axis),) * 2 for n in range(centres.ndim)]
        wide = np.moveaxis(np.pad(centres, margin, mode="reflect", reflect_type="odd"), axis, 0)
        corners = (wide[1:] + wide[:-1]) / 2
        every = [*range(0, len(corners) - 1, size), len(corners) - 1]
        centres = np.moveaxis(corners[every], 0, axis)
    return centres
