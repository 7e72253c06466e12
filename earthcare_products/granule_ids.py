"""What the id of a granule says, and what users type for an orbit and a frame."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from reprlib import repr as short
from typing import NamedTuple

_ID = re.compile(
    r"ECA_(?P<file_class>[EJ][A-Z][A-Z]{2})_(?P<file_type>[A-Z0-9_]{10})"
    r"_(?P<start>\d{8}T\d{6})Z_(?P<second>\d{8}T\d{6})Z_(?:(?P<frame>\d{5}[A-H])|\d{4})"
)


class GranuleId(NamedTuple):
    """The parts of a granule's id; times are UTC.

    ``created`` is when the granule was processed; in the id of an orbit file, which has neither
    orbit nor frame, the end of its validity stands there. ``orbit_and_frame`` is like "04537E", or
    "" for an orbit file.
    """

    file_type: str
    baseline: str
    start_time: datetime
    created: datetime
    orbit_and_frame: str
    file_class: str = ""
    text: str = ""

    @property
    def agency(self) -> str:
        """E for ESA, J for JAXA, as the id has it."""
        return self.file_class[:1]

    @property
    def orbit(self) -> int:
        """Number of the orbit; 0 for an orbit file."""
        return int(self.orbit_and_frame[:5] or 0)

    @property
    def frame(self) -> str:
        """Letter of the frame, A to H; "" for an orbit file."""
        return self.orbit_and_frame[5:]


@lru_cache(maxsize=4096)
def parse_granule_id(text: str) -> GranuleId:
    """Take the id of a granule, without extension, apart; ValueError if it is none.

    >>> name = parse_granule_id("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E")
    >>> name.file_type, name.baseline, name.orbit, name.frame
    ('MSI_COP_2A', 'BA', 4537, 'E')
    >>> parse_granule_id("ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001").orbit
    0
    """
    found = _ID.fullmatch(text)
    if found is None:
        # Whole, as the fault may lie in its middle; what does not look like a name may be a token.
        shown = repr(text) if "ECA_" in text else short(text)
        raise ValueError(f"{shown} is not the name of an EarthCARE granule.")
    try:
        start, second = (
            datetime.strptime(found[key], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            for key in ("start", "second")
        )
    except ValueError as error:
        raise ValueError(f"{text} has a time that does not exist: {error}.") from None
    kind, file_class = found["file_type"], found["file_class"]
    return GranuleId(kind, file_class[2:], start, second, found["frame"] or "", file_class, text)


def orbit_and_frame(text: str) -> tuple[int, str]:
    """Read the number of an orbit and the letter of a frame; ValueError if it is none.

    >>> orbit_and_frame("4537e")  # the leading zero may be left out
    (4537, 'E')
    """
    found = re.fullmatch(r"(\d{1,5})([A-H])", text.strip().upper())
    if not found:
        raise ValueError(
            f"orbit_and_frame is a number and a letter A to H, as '04537E': not {short(text)}."
        )
    return int(found[1]), found[2]
