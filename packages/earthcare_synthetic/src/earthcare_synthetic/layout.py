"""How synthetic MSI files are laid out: what was observed, and what was chosen, in one table.

Marked *observed*: seen in output or logs of real files. Marked *chosen*: nobody has published it,
so change it here when a real file becomes available.
"""

from __future__ import annotations

from math import ceil

#: Observed in MSI_COP_2A: 384 columns stored, of which 12 on the left and 15 on the right are fill.
COLUMNS = 384
FIRST_COLUMN, LAST_COLUMN = 12, 368
NADIR_COLUMN = 278
#: Pixel pitch across and time between lines: from the swath (121 km left, 41 km right) and frame
#: length.
PITCH_KM = 0.455
LINE_SECONDS = 0.06295
#: Lines before and after the frame: makes the observed 11904 lines of an E frame (27 s each side).
MARGIN_LINES = 428
#: Columns of the joint standard grid, 1 km apart: nadir at 150 as readers have it, their number
#: chosen to hold the swath of MSI.
JOINT_COLUMNS, JOINT_NADIR, JOINT_KM = 201, 150, 1.0
#: Observed: time counts the five leap seconds since 2000, its units attribute does not say so.
LEAP_SECONDS = 5.0

#: Observed: netCDF's default fill value, also for the 64-bit variables.
FLOAT_FILL = 9.969209968386869e36
BYTE_FILL, SHORT_FILL, INTEGER_FILL = -127, -32767, -2147483647
#: Observed for cloud_water_path, chosen for the others: shuffle, deflate 3, three by three chunks.
DEFLATE_LEVEL = 3
CHUNKS_PER_SIDE = 3
#: Documented meaning of a pixel without a retrieval; chosen for clear sky too.
QUALITY_NO_RETRIEVAL = 4


def chunk_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of a variable: (3968, 128) for (11904, 384), as observed; a third of a vector."""
    return tuple(ceil(size / CHUNKS_PER_SIDE) for size in shape)
