"""Read the values of a variable from its chunks: fetched several at a time, unpacked as they come.

HDF5 lets one thread work at a time, and waits for bytes while it holds that right. Here no thread
waits for another.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numcodecs.fletcher32 import Fletcher32

from earthcare_tutorial._progress import progress
from earthcare_tutorial.streaming.remote import CONNECTIONS
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earthcare_tutorial.streaming.remote import RemoteFile

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3  # as HDF5 numbers its filters
NEAR = 64 << 10  # bytes between two chunks that are cheaper to fetch than to ask once more
SHORTEST, LONGEST = 1 << 20, 4 << 20  # bytes; how far one request reaches
WORKERS = CONNECTIONS + 2  # while some unpack, others fetch
LARGEST = 1 << 37  # bytes of an array; whoever states more is mistaken

Key = tuple[Any, ...]  # per dimension an integer, a slice that goes forward, or sorted indices
Piece = tuple[tuple[int, ...], int, int, int]  # first index, first byte, size, filters left out


@dataclass
class Stored:
    """Where the values of a variable are, and how they are packed."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill: Any  # where there is no chunk
    chunk: tuple[int, ...]  # shape of each
    filters: tuple[int, ...]  # in order
    pieces: list[Piece]
    cut: bool = False  # not chunked but cut here, so that the last piece may be shorter

    def unpack(self, body: memoryview, left_out: int) -> np.ndarray:
        """Undo the filters of a chunk, the last one first; ValueError if it is damaged."""
        size = int(np.prod(self.chunk)) * self.dtype.itemsize
        data: Any = body
        for number, each in reversed(list(enumerate(self.filters))):
            if left_out >> number & 1:
                continue
            if each == DEFLATE:
                inflate = zlib.decompressobj()
                data = inflate.decompress(data, size + 8)
                if not inflate.eof:
                    raise ValueError("its size is wrong")
            elif each == SHUFFLE:
                data = _unshuffle(data, self.dtype.itemsize)
            else:
                try:
                    data = Fletcher32().decode(data)
                except (RuntimeError, IndexError):
                    raise ValueError("its checksum is wrong") from None
        if len(data) != size and not self.cut:
            raise ValueError("its size is wrong")
        return np.frombuffer(data, self.dtype).reshape((-1, *self.chunk[1:]) if self.chunk else ())

    def hit(self, picked: list[np.ndarray]) -> list[Piece]:
        """Return the chunks that hold the indices picked in each dimension, as they lie."""
        known = [
            set((each // size * size).tolist())
            for each, size in zip(picked, self.chunk, strict=True)
        ]
        there = [
            piece
            for piece in self.pieces
            if all(at in these for at, these in zip(piece[0], known, strict=True))
        ]
        return sorted(there, key=lambda piece: piece[1])


def _unshuffle(body: Any, itemsize: int) -> Any:
    """Put the bytes of each number together again; what is over at the end stays there."""
    data = np.frombuffer(body, "u1")
    whole = data.size // itemsize * itemsize
    planes = data[:whole].reshape(itemsize, -1)
    mixed = np.empty(planes.T.shape, "u1")
    for n, plane in enumerate(planes):  # three times as fast as to transpose
        mixed[:, n] = plane
    return mixed.data.cast("B") if whole == data.size else mixed.tobytes() + bytes(data[whole:])


def lines_of(
    shape: tuple[int, ...], start: int, itemsize: int
) -> tuple[tuple[int, ...], list[Piece]]:
    """Cut a variable that is not chunked into chunks of some lines; the last may be shorter."""
    if not shape:
        return (), [((), start, itemsize, 0)]
    line = int(np.prod(shape[1:])) * itemsize
    lines = max(1, NEAR // max(1, line))
    rest = (0,) * (len(shape) - 1)
    return (lines, *shape[1:]), [
        ((n, *rest), start + n * line, min(lines, shape[0] - n) * line, 0)
        for n in range(0, shape[0], lines)
    ]


def spans(pieces: list[Piece], several: int = 1) -> Iterator[list[Piece]]:
    """Join pieces that lie near each other, as far as one request should reach.

    It reaches farther where several variables are read at a time, and share the connections.
    """
    total = sum(size for _, _, size, _ in pieces)
    most = min(several * max(SHORTEST, total // (2 * CONNECTIONS)), LONGEST)
    joined: list[Piece] = []
    for piece in pieces:
        end = piece[1] + piece[2]
        near = joined and piece[1] - sum(joined[-1][1:3]) <= NEAR and end - joined[0][1] <= most
        if joined and not near:
            yield joined
            joined = []
        joined.append(piece)
    if joined:
        yield joined


def read(remote: RemoteFile, stored: Stored, key: Key, shape: tuple[int, ...]) -> np.ndarray:
    """Return a part of a variable of this shape, which may be larger than what is stored."""
    picked = [np.atleast_1d(np.arange(size)[k]) for k, size in zip(key, shape, strict=True)]
    low = [int(each[0]) if each.size else 0 for each in picked]
    high = [int(each[-1]) + 1 if each.size else 0 for each in picked]
    box = [end - start for start, end in zip(low, high, strict=True)]
    if np.prod(box, dtype=float) * stored.dtype.itemsize > LARGEST:
        raise remote.damaged(f"one of its variables has the shape {shape}")
    values = np.full(box, stored.fill, stored.dtype)

    def place(span: list[Piece]) -> None:
        """Fetch some chunks, and put each where it belongs."""
        first, end = span[0][1], max(sum(piece[1:3]) for piece in span)
        if end > remote.size:
            raise remote.damaged("a chunk lies behind its end")
        body = memoryview(remote.fetch_long(first, end, LONGEST))
        for at, start, size, left_out in span:
            try:
                block = stored.unpack(body[start - first : start - first + size], left_out)
            except (zlib.error, ValueError) as error:
                raise remote.damaged(f"a chunk of it cannot be unpacked ({error})") from None
            starts = np.maximum(low, at)
            ends = np.minimum(np.minimum(high, np.add(at, block.shape)), stored.shape)
            if (ends > starts).all():
                values[_box(starts - low, ends - low)] = block[_box(starts - at, ends - at)]
        done(len(body))

    together = list(spans(stored.hit(picked), remote.readers))
    total = sum(sum(span[-1][1:3]) - span[0][1] for span in together)
    with progress(total, remote.name) as done:
        in_threads(place, together, WORKERS)
    return np.asarray(values[tuple(map(_within, key, picked))])


def _box(starts: np.ndarray, ends: np.ndarray) -> tuple[slice, ...]:
    return tuple(map(slice, starts.astype(int), ends.astype(int)))


def _within(key: Any, picked: np.ndarray) -> Any:
    """Translate a key so that it counts from the first index picked."""
    if isinstance(key, slice):
        return slice(None, None, key.step)
    return picked - picked[:1] if isinstance(key, np.ndarray) else 0
