"""Lidar and radar classifications merged into one, pixel by pixel, as AC-TC does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene.fractal import Mask

Codes = npt.NDArray[np.int8]

#: Rows of the tables below. Aerosol and stratospheric targets keep a class of their own.
MISSING, SURFACE, ATTENUATED, CLEAR, LIQUID, SUPERCOOLED, ICE, AEROSOL, STRATOSPHERE, UNKNOWN = (
    range(10)
)
#: Code of A-TC -> row.
ROWS = {
    -3: MISSING, -2: SURFACE, -1: ATTENUATED, 0: CLEAR, 1: LIQUID, 2: SUPERCOOLED, 3: ICE,
    **dict.fromkeys(range(10, 16), AEROSOL), **dict.fromkeys(range(20, 28), STRATOSPHERE),
    **dict.fromkeys(range(101, 108), UNKNOWN),
}  # fmt: skip
#: Code of A-TC -> class of AC-TC, where the lidar alone decides: dust, ..., stratospheric smoke.
OWN = {
    10: 26,
    11: 27,
    12: 28,
    13: 29,
    14: 30,
    15: 31,
    20: 23,
    21: 24,
    22: 22,
    25: 32,
    26: 33,
    27: 34,
}
#: Stands for that class in a table.
OF_LIDAR = 99
#: Class by row and by the code of C-TC, -1 to 20. The columns: no data, ground, clear; liquid,
#: drizzling, warm rain, cold rain, melting; rimed, snow, ice, stratospheric, insects; heavy rain
#: and mixed-phase precipitation, likely and certain; rain, snow, cloud and nothing in the clutter;
#: uncertain. After Irbah et al. (doi:10.5194/amt-16-2795-2023).
CLASSES = np.array([
    [-1, 0, 1,  8, 9, 10, 11, 12,  15, 13, 19, 22, 25,  5, 6, 5, 6,  2, 3, 4, 1,  -1],
    [ 0, 0, 0,  0, 0,  0,  0,  0,   0,  0,  0,  0,  0,  0, 0, 0, 0,  0, 0, 0, 0,   0],
    [-1, 0, 7,  8, 9, 10, 11, 12,  15, 13, 19, 22,  7,  5, 6, 5, 6,  2, 3, 4, 7,  -1],
    [ 1, 0, 1,  8, 9, 10, 11, 12,  15, 14, 21, 22, 25,  5, 6, 5, 6,  1, 1, 1, 1,   1],
    [ 8, 8, 8,  8, 9, 10, 11, 12,  16, 17, 20, 22,  8,  5, 6, 5, 6,  8, 8, 8, 8,   8],
    [18, 18, 18, 18, 9, 10, 11, 12,  16, 17, 20, 22, 18,  5, 6, 5, 6,  18, 18, 18, 18,  18],
    [21, 21, 21, 20, 20, 10, 11, 12,  15, 14, 21, 22, 21,  5, 6, 5, 6,  21, 21, 21, 21,  21],
    [99, 0, 99,  8, 9, 10, 11, 12,  15, 14, 21, 22, 25,  5, 6, 5, 6,  99, 99, 99, 99,  99],
    [99, 0, 99,  8, 9, 10, 11, 12,  15, 14, 21, 22, 25,  5, 6, 5, 6,  99, 99, 99, 99,  99],
    [-1, 0, -1,  8, 9, 10, 11, 12,  15, 13, 19, 22, 25,  5, 6, 5, 6,  -1, -1, -1, -1,  -1],
], dtype=np.int8)  # fmt: skip
#: Quality by row, and by what the radar has: no data, ground, clear, hydrometeors, insects, clutter
#: with something in it, clutter with nothing in it, uncertain. From the definitions in the file.
QUALITIES = np.array([
    [16, 0, 10, 11, 13, 11, 10, 16],
    [15, 0, 15, 15, 15, 15, 15, 15],
    [14, 14, 9, 8, 9, 14, 9, 14],
    [6, 0, 1, 13, 13, 1, 1, 1],
    [3, 3, 3, 2, 3, 3, 3, 3],
    [3, 3, 3, 2, 3, 3, 3, 3],
    [3, 3, 3, 2, 3, 3, 3, 3],
    [4, 0, 4, 8, 13, 4, 4, 4],
    [7, 0, 5, 8, 13, 5, 5, 5],
    [12, 0, 12, 11, 13, 12, 12, 12],
], dtype=np.int8)  # fmt: skip
NO_RADAR, GROUND, RADAR_CLEAR, HYDROMETEOR, INSECTS, CLUTTER, CLUTTER_CLEAR, UNCERTAIN = range(8)
#: Code of C-TC, -1 to 20 -> column of `QUALITIES`.
COLUMNS = np.array(
    [NO_RADAR, GROUND, RADAR_CLEAR, *[HYDROMETEOR] * 9, INSECTS, *[HYDROMETEOR] * 4,
     *[CLUTTER] * 3, CLUTTER_CLEAR, UNCERTAIN]
)  # fmt: skip
#: Classes of AC-TC by what is in the pixel.
FROZEN = (13, 14, 15, 16, 17, 19, 20, 21, 22)
RAINING = (5, 6, 10, 11, 12)
DROPLETS = (8, 9, 16, 17, 18, 20)


@dataclass(frozen=True)
class Synergy:
    """Class of AC-TC, its quality, and which instrument saw something, on (profile, height)."""

    target: Codes
    quality: Codes
    seen_by: Codes


def merge(lidar: Codes, radar: Codes) -> Synergy:
    """Merge the codes of A-TC and of C-TC that lie at the same places.

    Parameters
    ----------
    lidar, radar : ndarray of int8
        Codes of A-TC (-3 to 107) and of C-TC (-1 to 20).

    Returns
    -------
    Synergy
        Of the same shape.
    """
    row, own = np.zeros(256, np.intp), np.full(256, -1, np.int8)
    for code, value in ROWS.items():
        row[code] = value  # negative codes count from the end
    for code, value in OWN.items():
        own[code] = value
    rows, columns = row[lidar.astype(int)], COLUMNS[radar.astype(int) + 1]
    target = CLASSES[rows, radar.astype(int) + 1]
    target = np.where(target == OF_LIDAR, own[lidar.astype(int)], target)
    return Synergy(target.astype(np.int8), QUALITIES[rows, columns], _seen_by(rows, columns))


def _seen_by(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Codes:
    """CPR_ATLID_status: who sees the ground, nothing, or a target."""
    lidar_target, radar_target = rows >= LIQUID, np.isin(columns, (HYDROMETEOR, INSECTS, CLUTTER))
    lidar_clear, radar_clear = rows == CLEAR, np.isin(columns, (RADAR_CLEAR, CLUTTER_CLEAR))
    lidar_ground, radar_ground = rows == SURFACE, columns == GROUND
    nothing = np.isin(rows, (MISSING, ATTENUATED)) & (columns == NO_RADAR)
    cases: list[tuple[Mask, int]] = [
        (nothing, -4),
        (lidar_ground & radar_ground, -3),
        (lidar_ground, -2),
        (lidar_target & radar_target, 4),
        (lidar_target, 5),
        (radar_ground, -1),
        (radar_target, 6),
        (lidar_clear & radar_clear, 1),
        (lidar_clear, 2),
        (radar_clear, 3),
    ]
    conditions, codes = zip(*cases, strict=True)
    return np.asarray(np.select(conditions, codes, 0), dtype=np.int8)
