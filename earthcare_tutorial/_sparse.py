"""A file of which only some parts are in memory, and how to learn which others are needed."""

from __future__ import annotations

import io
import mmap
import struct
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK, LARGEST_BLOCK = 64 << 10, 1 << 20  # bytes of metadata to fetch at once: first, and at most
NEAR = 64 << 10  # bytes between two ranges that are cheaper to fetch than to ask once more
PART = 1 << 20  # longer ranges are cut, so that several connections share them

Range = tuple[int, int]  # start, and end exclusive, in bytes


class MissingError(OSError):
    """A part is not here yet. HDF5 turns it into errors of many kinds: look at ``missing``."""


class SparseFile(io.RawIOBase):
    """A file for h5py that never waits: it notes what is missing, and raises.

    The memory of parts that were never put is never touched, so it costs nothing.
    """

    def __init__(self, size: int) -> None:
        self.size, self._place = size, 0
        self._map = mmap.mmap(-1, size, access=mmap.ACCESS_COPY)
        self._starts: list[int] = []  # of the parts that are here: sorted, and apart
        self._ends: list[int] = []
        self.missing: set[Range] = set()
        self.ahead: set[Range] = set()  # what HDF5 will ask for next

    def put(self, start: int, part: bytes) -> None:
        """Add a part, joined to those that it touches."""
        end = start + len(part)
        self._map[start:end] = part
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def has(self, start: int, end: int) -> bool:
        """Tell whether the bytes from start to before end are here."""
        at = bisect_right(self._starts, start) - 1
        return start >= end or (at >= 0 and end <= self._ends[at])

    def lacks(self, ranges: Iterable[Range]) -> list[Range]:
        """Return what of the ranges is not here: sorted, near ones joined."""
        runs: list[Range] = []
        for start, end in sorted(ranges):
            end = min(end, self.size)
            if self.has(start, end):
                continue
            if runs and start - runs[-1][1] <= NEAR:
                runs[-1] = runs[-1][0], max(end, runs[-1][1])
            else:
                runs.append((start, end))
        return runs

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or note what is missing."""
        start, end = self._place, min(self._place + len(buffer), self.size)
        if not self.has(start, end):
            self.missing.add((start, end))
            raise MissingError
        buffer[: end - start] = self._map[start:end]
        self._place = end
        if self._map[start : start + 5] == b"TREE\x01":
            self.ahead.update(_nodes_below(self._map[start:end]))
        return end - start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        self._place = offset + (0, self._place, self.size)[whence]
        return self._place

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read in any order."""
        return True

    def close(self) -> None:
        """Free the memory."""
        self._map.close()
        super().close()


def _nodes_below(node: bytes) -> list[Range]:
    """Return where the nodes below a node of an index of chunks (version 1 B-tree) lie.

    HDF5 would ask for them one after the other. It is a hint only: what is wrong costs bytes.
    The node has a header of 24 bytes, then keys and 8-byte addresses in turn, 64 of them at most.
    """
    level, used = struct.unpack_from("<BH", node, 5)
    key = (len(node) - 24 - 64 * 8) // 65
    if not level or used > 64 or key < 16:
        return []
    places = (24 + key + n * (key + 8) for n in range(used))
    return [(at, at + len(node)) for (at,) in (struct.unpack_from("<Q", node, p) for p in places)]


def around(file: SparseFile, size: int) -> list[Range]:
    """Return blocks of this size that hold what was missed, and what will be asked for next."""
    wanted = {*file.missing, *file.ahead}
    file.missing.clear()
    file.ahead.clear()
    # From a little before: what is asked for next lies mostly behind, seldom just before.
    return [(max(0, start - size // 8), max(end, start + size)) for start, end in wanted]


def parts(runs: Iterable[Range]) -> list[Range]:
    """Cut long ranges."""
    return [
        (at, min(at + PART, end)) for start, end in runs for at in range(start, end, PART)
    ]
