"""Files of which only some byte ranges are kept: `NAME.ranges` beside `NAME.ranges.json`.

The bytes of all ranges lie one after another in the first file; the second says which they are::

    {"origin": "...", "size": 136301685, "ranges": [[0, 65536], [1048576, 1179648]]}

each from its first byte to the one after its last. A file of which every byte was seen is kept as
`NAME` itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

COPY = 1 << 20


class KeptRanges:
    """Bytes of one file, kept on disk in the order in which they come.

    Parameters
    ----------
    target : Path
        Where the file will lie. Ranges that are there already are kept.
    size : int
        Size of the whole file.
    """

    def __init__(self, target: Path, size: int) -> None:
        self.target, self.size = target, size
        self.found: list[tuple[int, int, int]] = []  # first byte, one after the last, where
        target.parent.mkdir(parents=True, exist_ok=True)
        self.file = _beside(target, ".part").open("w+b")
        for first, data in _kept(target, size):
            self.add(first, data)

    def add(self, first: int, data: bytes) -> None:
        """Keep bytes that begin at a position of the file."""
        position = self.file.seek(0, os.SEEK_END)
        self.file.write(data)
        if self.found and (last := self.found[-1])[1] == first:
            self.found[-1] = last[0], first + len(data), last[2]
        else:
            self.found.append((first, first + len(data), position))

    def finish(self, origin: str) -> None:
        """Write what was kept in order, every byte once."""
        ranges: list[list[int]] = []
        cursor = 0
        data = _beside(self.target, ".ranges")
        with data.open("wb") as out:
            for first, stop, position in sorted(self.found):
                begin = max(first, cursor)
                if stop <= begin:
                    continue
                self.file.seek(position + begin - first)
                for count in _portions(stop - begin):
                    out.write(self.file.read(count))
                if ranges and ranges[-1][1] == begin:
                    ranges[-1][1] = stop
                else:
                    ranges.append([begin, stop])
                cursor = stop
        self.file.close()
        _beside(self.target, ".part").unlink()
        if ranges == [[0, self.size]]:
            data.replace(self.target)
            _beside(self.target, ".ranges.json").unlink(missing_ok=True)
            return
        index = {"origin": origin, "size": self.size, "ranges": ranges}
        _beside(self.target, ".ranges.json").write_text(json.dumps(index) + "\n", encoding="utf-8")


def size_of(target: Path) -> int | None:
    """Size of the whole file of which ranges are kept, or None when none are."""
    index = _beside(target, ".ranges.json")
    return int(json.loads(index.read_text(encoding="utf-8"))["size"]) if index.exists() else None


def read(target: Path, first: int, stop: int) -> bytes | None:
    """Bytes from `first` to before `stop`, or None when they are not all kept."""
    index = json.loads(_beside(target, ".ranges.json").read_text(encoding="utf-8"))
    position = 0
    for begin, end in index["ranges"]:
        if begin <= first and stop <= end:
            with _beside(target, ".ranges").open("rb") as file:
                file.seek(position + first - begin)
                return file.read(stop - first)
        position += end - begin
    return None


def _kept(target: Path, size: int) -> Iterator[tuple[int, bytes]]:
    if size_of(target) != size:
        return
    index = json.loads(_beside(target, ".ranges.json").read_text(encoding="utf-8"))
    with _beside(target, ".ranges").open("rb") as file:
        for first, stop in index["ranges"]:
            for count in _portions(stop - first):
                yield first, file.read(count)
                first += count


def _portions(total: int) -> Iterator[int]:
    while total > 0:
        yield min(COPY, total)
        total -= COPY


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)
