"""All frames since launch, numbered: eight for each orbit, and when they were sensed.

The number of a frame is ``8 * orbit + letter``, A being 0: frames follow each other without a gap.
Times are whole seconds since 1970 (UTC), as file names and items state them.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import FRAME_LIMITS
from earthcare_synthetic.ground_track import EPOCH, frame_offsets, orbit_time

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LETTERS = "".join(FRAME_LIMITS)
#: More than the number of any frame of the census.
HIGHEST = 8 * 10_000
EPOCH_SECONDS = int(EPOCH.timestamp())


def number(frame: str) -> int:
    """Number of a frame such as "04537E"."""
    return 8 * int(frame[:5]) + LETTERS.index(frame[5])


def name(frame: int) -> str:
    """Frame such as "04537E" from its number."""
    return f"{frame // 8:05d}{LETTERS[frame % 8]}"


@cache
def names() -> npt.NDArray[np.str_]:
    """Names of all frames, by their number."""
    return np.array([name(frame) for frame in range(HIGHEST)])


@lru_cache(maxsize=8)
def ending_with(tail: str) -> npt.NDArray[np.bool_]:
    """Which names of all frames end with a text."""
    return np.asarray(np.char.endswith(names(), tail))


@cache
def _offsets() -> Floats:
    return np.array([frame_offsets()[letter][0] for letter in LETTERS])


@cache
def _begins() -> Integers:
    numbers = np.arange(HIGHEST + 1)
    exact = orbit_time(numbers // 8 + _offsets()[numbers % 8])
    return np.asarray(np.floor(exact + 0.5), dtype=np.int64) + EPOCH_SECONDS


def begin(frames: npt.ArrayLike) -> Integers:
    """First second of frames, which is the last one of the frame before."""
    return np.asarray(_begins()[np.asarray(frames)])


def end(frames: npt.ArrayLike) -> Integers:
    """Last second of frames."""
    return begin(np.asarray(frames) + 1)


def node(frames: npt.ArrayLike) -> Floats:
    """Second, with a fraction, of the ascending node before frames.

    A frame A begins before the node of its orbit, so that it has the node of the orbit before.
    """
    numbers = np.asarray(frames, dtype=np.int64)
    return orbit_time(numbers // 8 - (numbers % 8 == 0)) + EPOCH_SECONDS
