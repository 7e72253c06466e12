"""Which frames a type and baseline has, by a rule that needs no more than its line of the census.

The census states the first frame, the last one and the number of items. The rule, in the order in
which it is applied:

1. Calibrations lie at equal distances between the first and the last, their letters in turn those
   of these two. Products of a whole orbit have the letter A.
2. More items than frames: every frame has as many as the number allows, and the rest is spread.
3. Otherwise each 500th frame was processed twice, and the frames that are too many are lost:
   - all of them directly before the last frame, where the last frame is that of BBR's outage of
     winter 2025/26;
   - all of them directly after the first frame, where there would be less than 0.6 of all (the
     first is then a stray: baseline BB of six types, near-real-time baselines of March 2025);
   - else two thirds in stretches of 40 orbits and one third one by one. Stretches and frames are
     lost in the order of a fixed hash, the same for all types, so that a product of two
     instruments lacks what one of them lacks.

The first and the last frame, the frames of `WHOLE_ORBITS` and those of observed items are not lost.
So the counts are those of the census exactly; which frames are lost is this rule's choice.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from earthcare_products.census import Counted
from earthcare_products.products import catalogue_entry
from maap_replay.archive import frames

Numbers = npt.NDArray[np.int32]
Copies = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
Rule = Literal["frames", "whole orbits", "rare"]

#: Orbits of which nothing is lost: those of the lessons, and that in which BB and BC overlap.
WHOLE_ORBITS = (4536, 4537, 4538, 5976, 7929, 8374, 8738)
#: Frames of items that are public by name.
OBSERVED = (
    *("01031A", "01164E", "01380E", "04366E", "04568E", "04755E", "04879E", "05378E", "06109D"),
    *("06157A", "07820E", "08000A", "08015A", "08093A"),
)
#: One frame in so many was processed twice; 04646E is one of them.
TWICE_EVERY, TWICE_REST = 500, frames.number("04646E") % 500
#: Last frame of the types that end with an outage of BBR.
OUTAGE_ENDS = "09563A"
#: A smaller share of the frames than this is no share but a stray first frame.
LEAST_SHARE = 0.6
#: Frames lost together, and the part of all lost ones that are.
STRETCH, TOGETHER = 8 * 40, 2 / 3
_RARE = frozenset({"MSI_BBS_1B", "BBR_SOL_1B"})


def members(file_type: str, row: Counted) -> tuple[Numbers, Copies]:
    """Frames of the items of a line of the census, ascending, and which copy of a frame each is.

    Parameters
    ----------
    file_type : str
        For example ``MSI_COP_2A``.
    row : Counted
        First frame, last frame and number of items.

    Returns
    -------
    numbers, copies : ndarray of int, shape (count,)
        Numbers of frames (`frames.number`), and 0, or 1 and more for those processed again.
    """
    assert row.first is not None and row.last is not None
    return _members(row.first, row.last, row.items, _rule(file_type))


def _rule(file_type: str) -> Rule:
    if file_type == "CPR_APC_2A":
        return "whole orbits"
    rare = catalogue_entry(file_type).acquisition == "calibration" or file_type in _RARE
    return "rare" if rare else "frames"


@cache
def _members(first_frame: str, last_frame: str, count: int, rule: Rule) -> tuple[Numbers, Copies]:
    first, last = frames.number(first_frame), frames.number(last_frame)
    numbers = np.arange(first, last + 1, dtype=np.int32)
    if rule == "whole orbits":
        numbers = numbers[(numbers % 8 == 0) | (numbers == first)]
    if rule == "rare" and count <= len(numbers):
        return _spread(first, last, count), np.zeros(count, np.int8)
    if count > len(numbers):
        return _repeated(numbers, count)
    twice = numbers % TWICE_EVERY == TWICE_REST
    twice &= np.cumsum(twice) <= count - 3  # of a handful none
    lost = len(numbers) - count + int(np.count_nonzero(twice))
    if last_frame == OUTAGE_ENDS:
        gone = (numbers < last) & (numbers >= last - lost)
    elif count < LEAST_SHARE * len(numbers):
        gone = (numbers > first) & (numbers <= first + lost)
    else:
        gone = _scattered(numbers, lost)
    # A frame that is lost was not processed twice: others are, until the number is right.
    kept, twice = numbers[~gone], twice[~gone]
    missing = count - len(kept) - np.count_nonzero(twice)
    step = len(kept) // (missing + 1)
    twice[np.flatnonzero(~twice)[step // 2 :: max(1, step)][:missing]] = True
    copies = np.where(twice, 2, 1)
    return np.repeat(kept, copies), _copy_numbers(copies)


def _spread(first: int, last: int, count: int) -> Numbers:
    even = np.round(np.linspace(first, last, count)).astype(np.int32)
    letters = np.where(np.arange(count) % 2 == 0, first % 8, last % 8)
    letters[-1] = last % 8
    lettered = np.clip(even // 8 * 8 + letters, first, last)
    # Where they lie too close for that, any letter will do.
    return np.asarray(lettered if np.all(np.diff(lettered) > 0) else even, dtype=np.int32)


def _repeated(numbers: Numbers, count: int) -> tuple[Numbers, Copies]:
    every, more = divmod(count, len(numbers))
    copies = np.full(len(numbers), every)
    copies += _smallest(_hashes()[numbers], more)
    return np.repeat(numbers, copies), _copy_numbers(copies)


def _copy_numbers(copies: npt.NDArray[Any]) -> Copies:
    ends = np.cumsum(copies)
    return np.asarray(np.arange(ends[-1]) - np.repeat(ends - copies, copies), dtype=np.int8)


def _scattered(numbers: Numbers, lost: int) -> Mask:
    safe = _safe()[numbers]
    safe[[0, -1]] = True
    # Stretches in the order of their hash, whole ones first, and the last one from its beginning.
    order = _hashes()[numbers // STRETCH].astype(np.int64) << 20 | np.arange(len(numbers))
    gone = _smallest(order + (safe.astype(np.int64) << 60), int(lost * TOGETHER))
    order = _hashes()[numbers] + ((safe | gone).astype(np.int64) << 60)
    return gone | _smallest(order, lost - int(np.count_nonzero(gone)))


def _smallest(values: npt.NDArray[np.int64], count: int) -> Mask:
    """Where the `count` smallest of values without a repetition are."""
    if count == 0:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values <= np.partition(values, count - 1)[count - 1])


@cache
def _safe() -> Mask:
    """Whether a frame is never lost, by its number."""
    safe = np.zeros(frames.HIGHEST, dtype=bool)
    safe[[frames.number(name) for name in OBSERVED]] = True
    for orbit in WHOLE_ORBITS:
        safe[8 * orbit : 8 * orbit + 8] = True
    return safe


@cache
def _hashes() -> npt.NDArray[np.int64]:
    """32 well mixed bits of each number of a frame, the same everywhere, no two alike."""
    mixed = np.arange(frames.HIGHEST, dtype=np.uint32) * np.uint32(0x9E3779B1)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x85EBCA77)
    return (mixed ^ (mixed >> np.uint32(13))).astype(np.int64)
