"""Bodies of answers, chunk by chunk, and what can be done to them on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

CHUNK = 1 << 16
#: One byte of each block of this size is flipped in a corrupt file; the HDF5 signature is not.
FLIPPED = 4096


async def of_bytes(data: bytes) -> AsyncIterator[bytes]:
    """Bytes as chunks."""
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


async def of_part(path: Path, first: int, stop: int) -> AsyncIterator[bytes]:
    """Part of a file as chunks."""
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(first)
        while first < stop:
            chunk = await asyncio.to_thread(file.read, min(CHUNK, stop - first))
            if not chunk:
                return
            first += len(chunk)
            yield chunk


async def first(chunks: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    """Leave out what comes after the first bytes."""
    async for chunk in chunks:
        yield chunk[:count]
        count -= len(chunk)
        if count <= 0:
            return


async def stalled(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Fall silent after the last chunk."""
    async for chunk in chunks:
        yield chunk
    await asyncio.sleep(seconds)


async def paced(chunks: AsyncIterator[bytes], bytes_per_second: float) -> AsyncIterator[bytes]:
    """Let no more than so many bytes pass in a second."""
    async for chunk in chunks:
        await asyncio.sleep(len(chunk) / bytes_per_second)
        yield chunk


async def dripping(chunks: AsyncIterator[bytes], pause: float) -> AsyncIterator[bytes]:
    """Let one byte pass at a time."""
    async for chunk in chunks:
        for place in range(len(chunk)):
            yield chunk[place : place + 1]
            await asyncio.sleep(pause)


async def followed(chunks: AsyncIterator[bytes], end: bytes) -> AsyncIterator[bytes]:
    """Add bytes at the end."""
    async for chunk in chunks:
        yield chunk
    yield end


async def flipped(chunks: AsyncIterator[bytes], first: int) -> AsyncIterator[bytes]:
    """Flip one byte of each block of a file of which this is the part that begins at `first`."""
    async for chunk in chunks:
        changed = bytearray(chunk)
        for position in range((FLIPPED // 2 - first) % FLIPPED, len(changed), FLIPPED):
            changed[position] ^= 0xFF
        first += len(chunk)
        yield bytes(changed)
