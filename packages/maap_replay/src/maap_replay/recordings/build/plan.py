"""Which products the recordings hold: the tables, and the census that fills them.

``census.json`` states what the live catalogue held in February 2026: per collection, type and
baseline the first and the last frame and the number of items. A frame of the plan gets the products
that the census has for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from earthcare_products.products import catalogue_entry
from maap_replay.recordings import FOLDER

OPEN, CHECKED = "EarthCAREL2Validated_MAAP", "EarthCAREL2InstChecked_MAAP"
PRODUCTS, JAXA = "EarthCAREL2Products_MAAP", "JAXAL2Validated_MAAP"
LETTERS = "ABCDEFGH"

#: Orbits that pass over 0-10 E, 20-10 S between 1 March and 10 April 2025, by the track model.
DESCENDING = (
    4319, 4350, 4366, 4397, 4428, 4459, 4490, 4506, 4537, 4568, 4599,
    4630, 4646, 4677, 4708, 4739, 4755, 4786, 4817, 4848, 4879, 4895,
)  # fmt: skip
ASCENDING = (
    4312, 4343, 4374, 4390, 4421, 4452, 4483, 4514, 4530, 4561, 4592, 4623,
    4639, 4670, 4701, 4732, 4763, 4779, 4810, 4841, 4872, 4888, 4903,
)  # fmt: skip
WHOLE_ORBITS = (4536, 4537, 4538, 5976, 7929)
#: Frames that also have a near-real-time copy of the older baseline AB, with the first asset keys.
OLDER_BASELINE = ("04537E", "04599E", "04677E", "04755E")
#: A frame that was processed twice with the same baseline.
TWICE = "04646E"
NO_PICTURE, THUMBNAIL_ONLY = "04428E", "04490E"
#: Products of some frames: type -> frames.
SHOWCASE = ("04537E", "05976E", "07929E")
OTHERS: dict[str, tuple[str, ...]] = {
    "ATL_EBD_2A": ("01380E", "04537D", *SHOWCASE, "04537F"),
    "ATL_TC__2A": SHOWCASE,
    "AC__TC__2B": SHOWCASE,
    "ACM_CAP_2B": SHOWCASE,
    "BMA_FLX_2B": SHOWCASE,
    "BM__RAD_2B": SHOWCASE,
    "CPR_CLD_2A": SHOWCASE,
    "MSI_CM__2A": SHOWCASE,
}
#: These were recorded before the names of processors were known, and stay as they were.
NO_PROCESSOR = frozenset(OTHERS) - {"ATL_EBD_2A", "MSI_CM__2A"}
#: The orbit of the lesson's granule: all that the census has of it, in all collections.
LESSON_ORBIT = 4537
#: An orbit of the newest baselines, over the same region, for which JAXA's seven types exist. The
#: restricted collections have two frames of it.
NEW_ORBIT, NEW_RESTRICTED = 8738, "DE"
#: Types of a month over the region, frame E of `DESCENDING`; MSI_COP_2A has all of them already.
MONTH = ("ATL_EBD_2A", "CPR_FMR_2A", "AC__TC__2B", "ACM_CAP_2B")
#: The orbits before and after the lesson's: all of ESA's open Level 2 types in the newest baseline,
#: polar frames and the antimeridian among them.
NEIGHBOURS = (4536, 4538)
#: The orbit in which baselines BB and BC overlap, and types with both.
CHANGE_ORBIT, CHANGE_TYPES = 8374, ("ATL_EBD_2A", "ATL_ALD_2A", "AM__CTH_2B")
#: Item of JAXA that only its id names, with the times that the id's author gave it.
ALONE = "ECA_JXCA_CPR_CLP_2A_20251214T120732Z_20251215T020000Z_08784E"
#: The public counts of baseline BB of these fit the weeks from 2 October 2025 on only, although a
#: stray item makes it begin in August 2024.
BB_BEGINS = 7643
_STRAY = frozenset({"01224E"})
#: A baseline with fewer items than this share of the frames in its span is no product of each
#: frame: a calibration, or one of an orbit.
_EVERY_FRAME = 0.3

#: First and last frame, number of items, start of the first and of the last item.
Counted = tuple[str | None, str | None, int, str, str]
Census = dict[str, dict[str, dict[str, Counted]]]


class Product(NamedTuple):
    """A product to record."""

    collection: str
    file_type: str
    baseline: str
    orbit: int
    frame: str


@cache
def census() -> Census:
    """Collection -> type -> baseline -> what was counted."""
    document = json.loads((FOLDER / "census.json").read_text(encoding="utf-8"))
    counts: Census = document["collections"]
    return counts


def known(collection: str, file_type: str, orbit: int, frame: str) -> list[str]:
    """Baselines in which the census has a type for a frame."""
    found = []
    for baseline, (first, last, count, *_) in census()[collection].get(file_type, {}).items():
        if first is None or last is None:
            continue
        if baseline == "BB" and first in _STRAY:
            first = f"{BB_BEGINS:05d}A"
        frames = 8 * (int(last[:5]) - int(first[:5]) + 1)
        whole = file_type == "CPR_APC_2A" and frame == "A"
        if first <= f"{orbit:05d}{frame}" <= last and (count > frames * _EVERY_FRAME or whole):
            found.append(baseline)
    return found


def of_orbit(orbit: int, restricted: str = LETTERS) -> Iterator[Product]:
    """Everything the census has of an orbit; of restricted collections some frames only."""
    for collection, types in census().items():
        is_open = "Validated" in collection or "XMET" in collection
        for file_type in types:
            for frame in LETTERS if is_open else restricted:
                for baseline in known(collection, file_type, orbit, frame):
                    yield Product(collection, file_type, baseline, orbit, frame)


def newest(file_type: str, orbit: int, frame: str) -> Product:
    """Product of a frame in ESA's open Level 2 collection, in its highest baseline then."""
    baseline = max(known(OPEN, file_type, orbit, frame))
    return Product(OPEN, file_type, baseline, orbit, frame)


def series() -> Iterator[Product]:
    """Frames over the region, the neighbouring orbits, and the change of baseline."""
    for file_type in MONTH:
        yield from (newest(file_type, orbit, "E") for orbit in DESCENDING)
    for file_type in census()[OPEN]:
        yield from (newest(file_type, orbit, f) for orbit in NEIGHBOURS for f in LETTERS)
    for file_type in CHANGE_TYPES:
        for frame in LETTERS:
            for baseline in known(OPEN, file_type, CHANGE_ORBIT, frame):
                yield Product(OPEN, file_type, baseline, CHANGE_ORBIT, frame)


def calibrations() -> Iterator[Product]:
    """First and last item of each baseline of the types that not every frame has."""
    for collection, types in census().items():
        for file_type, baselines in types.items():
            rare = catalogue_entry(file_type).acquisition == "calibration"
            if not rare and file_type not in ("MSI_BBS_1B", "BBR_SOL_1B"):
                continue
            for baseline, (first, last, *_) in baselines.items():
                for frame in sorted({first or "", last or ""} - {""}):
                    yield Product(collection, file_type, baseline, int(frame[:5]), frame[5])


def older() -> Iterator[Product]:
    """Frames E of older baselines that only restricted collections have."""
    for collection in (CHECKED, "JAXAL2InstChecked_MAAP", PRODUCTS):
        open_one = JAXA if collection.startswith("JAXA") else OPEN
        for file_type, baselines in census()[collection].items():
            for baseline, (first, last, *_) in baselines.items():
                if baseline in census()[open_one].get(file_type, {}) or not (first and last):
                    continue
                orbit = int(last[:5])
                frame = "A" if file_type == "CPR_APC_2A" else "E"
                if first <= f"{orbit:05d}{frame}" <= last:
                    yield Product(collection, file_type, baseline, orbit, frame)
