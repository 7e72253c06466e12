"""Bodies of answers, piece by piece, and what can be done to them on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

CHUNK = 1 << 16
#: One byte of each block of this size is flipped in a corrupt file; the HDF5 signature is not.
FLIPPED = 4096


async def of_bytes(data: bytes) -> AsyncIterator[bytes]:
    """Bytes as pieces."""
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


async def of_part(path: Path, first: int, stop: int) -> AsyncIterator[bytes]:
    """Part of a file as pieces."""
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(first)
        while first < stop:
            piece = await asyncio.to_thread(file.read, min(CHUNK, stop - first))
            if not piece:
                return
            first += len(piece)
            yield piece


async def first(pieces: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    """Leave out what comes after the first bytes."""
    async for piece in pieces:
        yield piece[:count]
        count -= len(piece)
        if count <= 0:
            return


async def stalled(pieces: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Fall silent after the last piece."""
    async for piece in pieces:
        yield piece
    await asyncio.sleep(seconds)


async def paced(pieces: AsyncIterator[bytes], bytes_per_second: float) -> AsyncIterator[bytes]:
    """Let no more than so many bytes pass in a second."""
    async for piece in pieces:
        await asyncio.sleep(len(piece) / bytes_per_second)
        yield piece


async def followed(pieces: AsyncIterator[bytes], end: bytes) -> AsyncIterator[bytes]:
    """Add bytes at the end."""
    async for piece in pieces:
        yield piece
    yield end


async def flipped(pieces: AsyncIterator[bytes], first: int) -> AsyncIterator[bytes]:
    """Flip one byte of each block of a file of which this is the part that begins at `first`."""
    async for piece in pieces:
        changed = bytearray(piece)
        for position in range((FLIPPED // 2 - first) % FLIPPED, len(changed), FLIPPED):
            changed[position] ^= 0xFF
        first += len(piece)
        yield bytes(changed)
