"""Cloud tops of MSI and ATLID on the joint standard grid, as the two are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products import msi_grid
from earthcare_synthetic import layout
from earthcare_synthetic.scene.fractal import Field, Mask

#: MSI lines and columns on either side of the middle of a pixel of the joint grid, of 1 km.
AROUND = (-1, 0, 1)
#: Distance in pixels over which the difference found at nadir is carried across the track.
CARRIED = 30
#: A cloud counts as that at nadir if its top differs by less than this, in m.
SAME_CLOUD = 800.0
#: Difference in m from which the two instruments see different layers.
OTHER_LAYER = 3000.0
GOOD, CARRIED_OVER, FAR, UNLIKE, NO_DATA = range(5)


@dataclass(frozen=True)
class Tops:
    """On (profile, across): heights in m, NaN where unknown; cover from 0 to 1."""

    height: Field
    cover: Field
    difference: Field
    quality: npt.NDArray[np.int8]


def columns_of_grid() -> tuple[Field, npt.NDArray[np.intp], Mask]:
    """Distance in km to the right of nadir, the MSI column, and whether MSI sees it."""
    right_km = (np.arange(layout.JOINT_COLUMNS) - msi_grid.JOINT_NADIR) * msi_grid.JOINT_KM
    column = msi_grid.NADIR_COLUMN + np.round(right_km / msi_grid.PITCH_KM).astype(int)
    seen = (column > msi_grid.FIRST_COLUMN) & (column < msi_grid.LAST_COLUMN)
    return right_km, np.clip(column, 1, msi_grid.COLUMNS - 2), seen


def compare(
    lines: npt.NDArray[np.intp], height: Field, cloudy: Mask, lost: Mask, atlid: Field
) -> Tops:
    """Put MSI's cloud tops on the joint grid and compare them with ATLID's.

    The difference is known at nadir; where both see one cloud it is carried to the sides as far as
    that reaches (Haarig et al., doi:10.5194/amt-16-5953-2023).

    Parameters
    ----------
    lines : ndarray of int
        Line of MSI that is nearest to each profile.
    height, cloudy : ndarray
        Retrieved tops in m, NaN without one, and cloud mask, on the pixels of MSI.
    lost : ndarray of bool
        Lines of MSI without data.
    atlid : ndarray
        Top that ATLID sees in each profile in m, NaN without cloud.
    """
    _, column, seen = columns_of_grid()
    lines = np.clip(lines, 1, len(height) - 2)
    shape = (len(lines), len(column))
    total, tops, cover = (np.zeros(shape, np.float32) for _ in range(3))
    for down in AROUND:
        for right in AROUND:
            where = np.ix_(lines + down, column + right)
            part = height[where]
            known = ~np.isnan(part)
            total += np.where(known, part, 0)
            tops += known
            cover += cloudy[where]
    known = (tops > 0) & seen & ~lost[lines][:, None]
    msi = np.where(known, total / np.maximum(tops, 1), np.nan)
    cover = np.where(seen & ~lost[lines][:, None], cover / len(AROUND) ** 2, np.nan)

    nadir = msi[:, msi_grid.JOINT_NADIR]
    at_nadir = (atlid - nadir)[:, None]
    like = np.abs(msi - nadir[:, None]) < SAME_CLOUD
    aside = np.abs(np.arange(shape[1]) - msi_grid.JOINT_NADIR)
    near = (aside <= CARRIED) & (np.abs(at_nadir) < OTHER_LAYER)
    joined = _joined(like) & (near | (aside == 0))
    difference = np.where(joined, at_nadir, np.nan)
    quality = np.select(
        (np.isnan(difference), np.abs(difference) > OTHER_LAYER, aside == 0, aside < CARRIED // 2),
        (NO_DATA, UNLIKE, GOOD, CARRIED_OVER),
        FAR,
    )
    return Tops(msi.astype(np.float32), cover, difference.astype(np.float32), quality.astype("i1"))


def _joined(like: Mask) -> Mask:
    """Pixels between which and nadir all are alike."""
    middle = msi_grid.JOINT_NADIR
    left = np.logical_and.accumulate(like[:, middle::-1], axis=1)[:, ::-1]
    right = np.logical_and.accumulate(like[:, middle:], axis=1)
    return np.concatenate([left, right[:, 1:]], axis=1)
