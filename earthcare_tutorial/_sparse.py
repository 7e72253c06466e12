"""A file of which only some parts are in memory, and how to learn which others are needed."""

from __future__ import annotations

import io
import mmap
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEAST = 512  # bytes that most pieces of metadata fit in
BLOCK, LARGEST_BLOCK = 8 << 10, 1 << 20  # bytes of metadata to fetch at once: first, and at most
NEAR = 64 << 10  # bytes between two ranges that are cheaper to fetch than to ask once more
PART = 1 << 20  # bytes; longer ranges are cut

Range = tuple[int, int]  # start, and end exclusive, in bytes


class MissingError(OSError):
    """A part is not here yet. HDF5 turns it into errors of many kinds: look at ``missing``."""


class PlacedFile(io.RawIOBase):
    """A file of known size that is read from a place in it; a subclass says how, in readinto."""

    size: int
    _place = 0

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


class SparseFile(PlacedFile):
    """A file for h5py that never waits: it notes what is missing, and raises.

    The memory of parts that were never put is never touched, so it costs nothing.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._map = mmap.mmap(-1, size, access=mmap.ACCESS_COPY)
        self._starts: list[int] = []  # of the parts that are here: sorted, and apart
        self._ends: list[int] = []
        self.missing: set[Range] = set()
        self.ahead: set[Range] = set()  # what HDF5 will ask for next

    def put(self, start: int, part: bytes | memoryview) -> None:
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
            for gap in self._gaps(start, min(end, self.size)):
                if runs and gap[0] - runs[-1][1] <= NEAR:
                    runs[-1] = runs[-1][0], max(gap[1], runs[-1][1])
                else:
                    runs.append(gap)
        return runs

    def _gaps(self, start: int, end: int) -> Iterator[Range]:
        at = bisect_right(self._ends, start)
        while start < end and at < len(self._starts) and self._starts[at] < end:
            if start < self._starts[at]:
                yield start, self._starts[at]
            start = self._ends[at]
            at += 1
        if start < end:
            yield start, end

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or note what is missing."""
        start, end = self._place, min(self._place + len(buffer), self.size)
        if not self.has(start, end):
            self.missing.add((start, end))
            raise MissingError
        buffer[: end - start] = self._map[start:end]
        self._place = end
        if self._map[start : start + 4] in LEADS:
            for lead in LEADS[self._map[start : start + 4]](self._map[start:end]):
                if not self.has(lead, lead + LEAST):
                    self.ahead.add((lead, lead + LEAST))
        return end - start

    def close(self) -> None:
        """Free the memory."""
        self._map.close()
        super().close()


# HDF5 follows the addresses in its metadata one after the other. These functions look ahead: they
# return addresses that a piece of metadata seems to hold (see the HDF5 file format specification).
# They are hints only. A wrong one costs a few bytes, a forgotten one a round trip.


def _of_chunk_index(node: bytes) -> list[int]:
    """B-tree, version 1: 24 bytes, then keys and addresses in turn, 64 of these at most."""
    kind, level, used = struct.unpack_from("<BBH", node, 4)
    key = (len(node) - 24 - 64 * 8) // 65
    if kind != 1 or not level or used > 64 or key < 16:
        return []
    return [struct.unpack_from("<Q", node, 24 + key + n * (key + 8))[0] for n in range(used)]


def _of_header(header: bytes) -> list[int]:
    """Object header: addresses lie anywhere in its messages, to the next piece or to an index."""
    found = {struct.unpack_from("<Q", header, at)[0] for at in range(4, len(header) - 7)}
    likely = [each for each in found if 1 << 16 < each < 1 << 40]
    return likely if len(likely) < 8 else []  # many: a list of references to other variables


LEADS: dict[bytes, Callable[[bytes], list[int]]] = {
    b"TREE": _of_chunk_index,
    b"OHDR": _of_header,
    b"OCHK": _of_header,
    b"BTHD": lambda head: list(struct.unpack_from("<Q", head, 16)),
    b"FRHP": lambda head: list(struct.unpack_from("<Q", head, 132)),
    b"FHIB": lambda block: [
        struct.unpack_from("<Q", block, at)[0]
        for at in range(13 + (len(block) - 17) % 8, len(block) - 11, 8)
    ],
}


def around(file: SparseFile, size: int) -> list[Range]:
    """Return blocks of this size that hold what was missed, and what will be asked for next."""
    wanted = {*file.missing, *(each for each in file.ahead if each[0] < file.size)}
    file.missing.clear()
    file.ahead.clear()
    # From a little before: what is asked for next lies mostly behind, seldom just before.
    return [(max(0, start - size // 8), max(end, start + size)) for start, end in wanted]


def part_size(total: int) -> int:
    """Return how long a request should be, so that several connections share so many bytes."""
    return min(max(PART, total // 12), 4 * PART)


def cut(span: Range, most: int) -> list[Range]:
    """Cut a long range into equal parts."""
    start, end = span
    count = -(-(end - start) // most)
    return list(pairwise(start + n * (end - start) // count for n in range(count + 1)))
