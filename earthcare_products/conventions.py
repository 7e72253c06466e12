"""What all files share: how they count time, and what stands where there is no value."""

from __future__ import annotations

from datetime import date

#: Days after which a leap second was inserted, since the epoch of the files' time, 2000.
LEAP_SECOND_DAYS = (
    date(2005, 12, 31),
    date(2008, 12, 31),
    date(2012, 6, 30),
    date(2015, 6, 30),
    date(2016, 12, 31),
)
#: Files count these seconds in `time`, although its units, "seconds since 2000-01-01 00:00:00.0",
#: do not say so; decoded as they stand, times are late by as much. Observed in four real files,
#: whose tracks cross their frame's limit 4.75 to 5.5 s after the time in the file's name; ecaio
#: reads them so too.
LEAP_SECONDS = float(len(LEAP_SECOND_DAYS))

#: netCDF's default fill values, observed also for 64-bit variables.
FLOAT_FILL = 9.969209968386869e36
BYTE_FILL, SHORT_FILL, INTEGER_FILL = -127, -32767, -2147483647

#: Latitudes in degrees at which the frames of an orbit meet, in the order of flight; A, B and H
#: ascend, D, E and F descend, C and G lie around the poles.
FRAME_LIMITS = {
    "A": (-22.5, 22.5),
    "B": (22.5, 67.5),
    "C": (67.5, 67.5),
    "D": (67.5, 22.5),
    "E": (22.5, -22.5),
    "F": (-22.5, -67.5),
    "G": (-67.5, -67.5),
    "H": (-67.5, -22.5),
}

#: What the products call the height of a bin above the ellipsoid, in m.
HEIGHTS = ("height", "sample_altitude", "binHeight", "bin_height", "geometrical_height")
#: And the ground, and the tropopause.
ELEVATIONS = ("elevation", "surface_elevation", "surfaceElevation")
TROPOPAUSES = ("tropopause_height", "tropopause_height_wmo")
