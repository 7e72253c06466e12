"""The checksums of HDF5's newer metadata, which HDF5 compares and pyfive does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numcodecs.checksum32 import JenkinsLookup3

if TYPE_CHECKING:
    from collections.abc import Callable

FRACTAL_HEAP = 146  # bytes of its header, if it has no filters


def is_sound(body: bytes, more: Callable[[int], bytes]) -> bool:
    """Tell whether a piece of metadata is as it was written, as far as a checksum tells.

    pyfive reads a whole block at once, or its first fields: ``more`` returns so many bytes from
    the same place on.
    """
    kind = body[:4]
    if kind == b"OCHK" or (kind == b"\x89HDF" and body[8:9] > b"\1"):
        return _matches(body if kind == b"OCHK" else more(48))  # a superblock since version 2
    if kind == b"OHDR" and len(body) > 5:
        flags = body[5]
        size, times = 1 << (flags & 3), 16 * bool(flags & 32)
        begin = 6 + times + 4 * bool(flags & 16)
        length = int.from_bytes(more(begin + size)[begin:], "little")
        return length < 1 << 20 and _matches(more(begin + size + length + 4))
    if kind == b"SNOD":  # has no sum, but a version
        return body[4:5] == b"\1"
    if kind == b"BTHD":
        return _matches(more(38))
    if kind == b"FRHP" and body[7:9] == b"\0\0":
        return _matches(more(FRACTAL_HEAP))
    if kind == b"FHDB" and len(body) > 25:
        # The place of the sum depends on the size of the heap; the sum is taken with zeros there.
        places = range(14, 22)
        return any(_matches(body[:n] + bytes(4) + body[n + 4 :] + body[n : n + 4]) for n in places)
    return True


def _matches(body: bytes) -> bool:
    """Tell whether the last four bytes are the sum of the others."""
    return JenkinsLookup3().encode(body[:-4])[-4:] == body[-4:] if len(body) > 4 else False
