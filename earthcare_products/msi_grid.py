"""The grid of MSI's swath, and the joint standard grid across it.

Observed in outputs of real M-COP files (orbit 06109D, baseline BA), but for the pitch, which
follows from the swath's edges on the map: 122 km left and 40 km right of nadir over 266 and 90
pixels. The swath is on the left of the flight: east by day, when EarthCARE flies south.
"""

from __future__ import annotations

#: Columns of a file, and those that have pixels: 12 on the left and 15 on the right are fill.
COLUMNS = 384
FIRST_COLUMN, LAST_COLUMN = 12, 368
#: Column below the satellite.
NADIR_COLUMN = 278
#: Between columns, in km; between lines, in seconds of flight.
PITCH_KM = 0.455
LINE_SECONDS = 0.06295
#: Width of the swath in the files, in km; the mission's papers say 150.
SWATH_KM = (LAST_COLUMN - FIRST_COLUMN) * PITCH_KM
#: Columns of the joint standard grid, which AM-CTH, AM-ACD and X-JSG have: nadir as readers made
#: for the files have it, 1 km apart.
JOINT_NADIR, JOINT_KM = 150, 1.0
#: By the width of a whole line: the column at nadir, and the km from column to column (none between
#: BBR's views): MSI's own grid, the joint standard grid, and fore, nadir, aft.
NADIR = {COLUMNS: (NADIR_COLUMN, PITCH_KM), 201: (JOINT_NADIR, JOINT_KM), 3: (1, 0.0)}
