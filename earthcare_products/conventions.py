"""What all files share: how they count time, and what stands where there is no value."""

from __future__ import annotations

#: The days that began after a leap second, since the files' epoch, from Bulletin C
#: of the International Earth Rotation and Reference Systems Service (hpiers.obspm.fr), which
#: announces one half a year ahead.
AFTER_LEAP_SECONDS = ("2006-01-01", "2009-01-01", "2012-07-01", "2015-07-01", "2017-01-01")
#: Files count these seconds in `time`, although its units, "seconds since 2000-01-01 00:00:00.0",
#: do not say so; decoded as they stand, times are late by as much. Observed in four real files,
#: whose tracks cross their frame's limit 4.75 to 5.5 s after the time in the file's name; ecaio
#: reads them so too.
LEAP_SECONDS = float(len(AFTER_LEAP_SECONDS))

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
