"""What was fetched, for those who want to know."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


@dataclass(eq=False)
class StreamStats:
    """What was fetched while :func:`stream_stats` was watching.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-CTH", orbit_and_frame="04537E", baseline="BA")
    >>> with ect.stream_stats() as stats:
    ...     ds = ect.open_granule(item, ect.login(), "latitude")
    >>> [*stats.requests().columns]
    ['file', 'start', 'end', 'begun', 'done']
    """

    ranges: list[tuple[str, int, int, float, float]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def requests(self) -> pd.DataFrame:
        """Return one row per answer: file, start and end in bytes, begun and done in seconds."""
        import pandas as pd

        columns = ["file", "start", "end", "begun", "done"]
        return pd.DataFrame(sorted(self.ranges, key=lambda row: row[3]), columns=columns)

    def table(self) -> pd.DataFrame:
        """Return one row per file: requests, MB (10⁶ bytes), share of the file, and seconds."""
        each = self.requests()
        each["bytes"] = each["end"] - each["start"]
        rows = each.groupby("file", sort=False).agg(
            requests=("bytes", "size"),
            MB=("bytes", "sum"),
            begun=("begun", "min"),
            done=("done", "max"),
        )
        sizes = rows.index.map(self.sizes.get).to_numpy(dtype=float)
        rows["% of the file"] = 100 * rows["MB"] / sizes
        rows["MB"] /= 1e6
        rows["seconds"] = rows.pop("done") - rows.pop("begun")
        return rows


_watching: list[StreamStats] = []


@contextmanager
def stream_stats() -> Iterator[StreamStats]:
    """Watch what :func:`open_granule` and :func:`download` fetch; may be nested.

    Yields
    ------
    StreamStats
        ``table()`` has one row per file, ``requests()`` one per answer.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> with ect.stream_stats() as stats:
    ...     ds = ect.open_granule(item, ect.login(), "latitude")
    >>> float(stats.table()["% of the file"].max()) < 5
    True
    """
    stats = StreamStats()
    _watching.append(stats)
    try:
        yield stats
    finally:
        _watching.remove(stats)


def note_range(name: str, size: int, start: int, end: int, begun: float, done: float) -> None:
    """Tell all who watch of a range that came."""
    for stats in _watching:
        stats.sizes[name] = size
        stats.ranges.append((name, start, end, begun, done))
