"""Read the values of a variable from its chunks, without HDF5 in between.

HDF5 lets one thread work at a time, and waits for bytes while it holds that right. Here chunks are
unpacked while others are under way, by as many threads as there are variables.
"""

from __future__ import annotations

import zlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from earthcare_tutorial._progress import progress
from earthcare_tutorial._sparse import NEAR, Range, part_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from earthcare_tutorial._ranges import RemoteRanges

#: What ESA's and JAXA's processors use. HDF5 undoes all others, and checks sums.
FILTERS = {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE}

Key = tuple[Any, ...]  # per dimension an integer, a slice that goes forward, or sorted indices
Piece = tuple[tuple[int, ...], Range]  # its first index in each dimension, and its bytes


@dataclass
class Chunks:
    """Where the values of a variable are, and how they are packed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any  # where there is no chunk
    chunk: tuple[int, ...]  # shape of each
    filters: tuple[int, ...] | None  # as HDF5 numbers them, in order; None: leave it to HDF5
    pieces: list[Piece]

    def hit(self, picked: list[np.ndarray]) -> list[Piece]:
        """Return the chunks that hold the indices picked in each dimension, as they lie."""
        known = [
            set((each // size * size).tolist())
            for each, size in zip(picked, self.chunk, strict=False)
        ]
        there = [
            piece
            for piece in self.pieces
            if all(at in these for at, these in zip(piece[0], known, strict=True))
        ]
        return sorted(there, key=lambda piece: piece[1])

    def unpack(self, body: bytes | memoryview) -> np.ndarray:
        """Undo the filters of a chunk, the last one first."""
        for each in reversed(self.filters or ()):
            if each == h5py.h5z.FILTER_DEFLATE:
                size = int(np.prod(self.chunk)) * self.dtype.itemsize
                body = zlib.decompress(body, bufsize=size)
            else:  # shuffle: first all first bytes, then all second bytes
                planes = np.frombuffer(body, "u1").reshape(self.dtype.itemsize, -1)
                mixed = np.empty(planes.T.shape, "u1")
                for n, plane in enumerate(planes):  # three times as fast as to transpose
                    mixed[:, n] = plane
                body = mixed.data
        values = np.frombuffer(body, self.dtype)
        return values.reshape((-1, *self.chunk[1:]) if self.chunk else ())


def find_chunks(stored: h5py.Dataset) -> Chunks:
    """Read the index of the chunks of a variable, which may miss parts of the file."""
    made = stored.id.get_create_plist()
    filters = tuple(made.get_filter(n)[0] for n in range(made.get_nfilters()))
    plain = stored.dtype.kind in "iuf" and h5py.h5t.py_create(stored.dtype) == stored.id.get_type()
    pieces: list[Piece] = []
    masks: set[int] = set()  # of filters that a chunk went without
    chunk = stored.chunks or stored.shape
    if stored.chunks:

        def note(found: Any) -> None:
            start = found.byte_offset
            pieces.append((found.chunk_offset, (start, start + found.size)))
            masks.add(found.filter_mask)

        stored.id.chunk_iter(note)
    elif (start := stored.id.get_offset()) is not None:
        chunk, pieces = _cut_lines(stored.shape, (start, start + stored.id.get_storage_size()))
    else:  # compact, in another file, or never written
        plain = False
    plain = plain and set(filters) <= FILTERS and masks <= {0}
    fill = stored.fillvalue if plain else None
    return Chunks(stored.shape, stored.dtype, fill, chunk, filters if plain else None, pieces)


def _cut_lines(shape: tuple[int, ...], whole: Range) -> tuple[tuple[int, ...], list[Piece]]:
    """Cut a variable that is not chunked into chunks of some lines."""
    start, end = whole
    if not shape or start == end:
        return shape, [((0,) * len(shape), whole)] if start < end else []
    line = (end - start) // shape[0]
    lines = max(1, NEAR // line)  # small ones: they are joined again when they are fetched
    firsts = range(0, shape[0], lines)
    edges = [(start + n * line, min(end, start + (n + lines) * line)) for n in firsts]
    rest = (0,) * (len(shape) - 1)
    return (lines, *shape[1:]), [((n, *rest), e) for n, e in zip(firsts, edges, strict=True)]


def picked_of(key: Key, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return the indices that a key picks in each dimension."""
    return [np.atleast_1d(np.arange(size)[k]) for k, size in zip(key, shape, strict=True)]


def spans(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Join pieces that lie near each other, as far as one request should reach."""
    most = part_size(sum(end - start for _, (start, end) in pieces))
    joined: list[Piece] = []
    for piece in pieces:
        start, end = piece[1]
        near = joined and start - joined[-1][1][1] <= NEAR and end - joined[0][1][0] <= most
        if joined and not near:
            yield joined
            joined = []
        joined.append(piece)
    if joined:
        yield joined


def fetch_pieces(
    remote: RemoteRanges, pieces: list[Piece]
) -> Generator[tuple[Piece, memoryview], None, None]:
    """Fetch pieces, several requests at a time, and yield each with its bytes."""
    together = list(spans(pieces))
    ranges = [(each[0][1][0], each[-1][1][1]) for each in together]
    total = sum(end - start for start, end in ranges)
    with progress(total, remote.name) as done, closing(remote.fetch_all(ranges)) as bodies:
        for each, (first, _), body in zip(together, ranges, bodies, strict=True):
            for piece in each:
                start, end = piece[1]
                yield piece, memoryview(body)[start - first : end - first]
            done(len(body))


def read(remote: RemoteRanges, chunks: Chunks, key: Key, shape: tuple[int, ...]) -> np.ndarray:
    """Return a part of a variable of this shape, which may be larger than what is stored."""
    picked = picked_of(key, shape)
    low = [int(each[0]) if each.size else 0 for each in picked]
    high = [int(each[-1]) + 1 if each.size else 0 for each in picked]
    box = [end - start for start, end in zip(low, high, strict=True)]
    values = np.full(box, chunks.fill, chunks.dtype)
    with closing(fetch_pieces(remote, chunks.hit(picked))) as coming:
        for (at, _), body in coming:
            try:
                block = chunks.unpack(body)
            except (zlib.error, ValueError):
                raise ValueError(
                    f"{remote.name} is damaged: a chunk of it cannot be unpacked."
                ) from None
            starts = np.maximum(low, at)
            ends = np.minimum(np.minimum(high, np.add(at, block.shape)), chunks.shape)
            values[_box(starts - low, ends - low)] = block[_box(starts - at, ends - at)]
    return np.asarray(values[tuple(map(_within, key, picked))])


def _box(starts: np.ndarray, ends: np.ndarray) -> tuple[slice, ...]:
    return tuple(map(slice, starts.astype(int), ends.astype(int)))


def _within(key: Any, picked: np.ndarray) -> Any:
    """Translate a key so that it counts from the first index picked."""
    if isinstance(key, slice):
        return slice(None, None, key.step)
    return picked - picked[:1] if isinstance(key, np.ndarray) else 0
