"""True UTC from seconds that were counted since 2000, leap seconds included.

EarthCARE's files count every second that has passed since 2000-01-01, and call it "seconds since
2000-01-01 00:00:00.0". xarray, like everybody, takes a day for 86,400 s, and so arrives as many
seconds late as there have been leap seconds: five since 2017, 36 km along the track.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from earthcare_products.conventions import AFTER_LEAP_SECONDS

EPOCH = np.datetime64("2000-01-01")
#: What the attribute "leap_seconds" of a corrected variable says.
NOTE = "taken off: the file counts those since 2000; this is UTC"

_units = re.compile(r"\s*seconds since 2000-0?1-0?1([ T]0?0:0?0(:0?0(\.0*)?)?)?\s*(UTC|Z)?\s*")
_days = (np.array(AFTER_LEAP_SECONDS, "datetime64[D]") - EPOCH).astype(int)
#: The count with which each of these days begins.
STARTS = _days * 86_400.0 + np.arange(1, len(_days) + 1)


def counts_leap_seconds(attrs: dict[str, Any]) -> bool:
    """Tell whether a variable is a time that counts leap seconds, by its units."""
    units = attrs.get("units", "")
    return bool(_units.fullmatch(units.decode() if isinstance(units, bytes) else str(units)))


def note_leap_seconds(attrs: dict[str, Any]) -> None:
    """Say in the attributes of such a variable what is done about it."""
    if counts_leap_seconds(attrs):
        attrs["leap_seconds"] = NOTE


def to_utc(seconds: np.ndarray, fill: Any = None) -> np.ndarray:
    """Take off the leap seconds that were counted since 2000.

    Parameters
    ----------
    seconds : numpy.ndarray
        Seconds that have passed since 2000-01-01 00:00 UTC, of any shape.
    fill : number, optional
        The value that means missing, which stays as it is.

    Returns
    -------
    numpy.ndarray
        Seconds since then of 86,400 to the day, of the same shape and type.

    Examples
    --------
    >>> noon = (np.array(["2025-03-16T12:00:00"], "M8[s]") - EPOCH.astype("M8[s]")).astype(int)
    >>> to_utc(noon + 5) - noon
    array([0])
    """
    taken = np.searchsorted(STARTS, seconds, side="right").astype(seconds.dtype)
    missing = np.zeros(seconds.shape, bool) if fill is None else seconds == fill
    return np.where(missing, seconds, seconds - taken)
