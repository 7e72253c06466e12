"""One page of the items that a search found, in an order, without putting all of them in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maap_replay.archive import filters
from maap_replay.archive.contents import Contents, Kept, Part, Wanted
from maap_replay.recordings.patch import Json

Floats = npt.NDArray[np.float64]
#: Property and direction, 1 or -1.
Order = Sequence[tuple[str, int]]
#: That of the catalogue: by publication, as observed, never by sensing time.
USUAL: Order = (("published", 1), ("id", 1))
#: An id is compared part by part, which is the same and needs no texts.
_ID_PARTS = ("id 1", "id 2", "id 3", "id 4")


_NUMERIC = filters.TIMES | filters.NUMBERS | {*_ID_PARTS[1:]}
#: Pages that end further on are found by a partition of all keys.
_NEAR = 20_000


class Found:
    """The items of a search: places in the sources of a catalogue's content."""

    def __init__(self, contents: Contents, wanted: Wanted) -> None:
        self.hits: list[Hit] = []
        for source in contents.sources:
            positions = source.matching(wanted)
            if positions is None or len(positions):
                self.hits.append(Hit(source, positions))

    def __len__(self) -> int:
        return sum(map(len, self.hits))

    def page(self, first: int, count: int, order: Order = ()) -> list[Json]:
        """Complete items from the one of rank `first`, the first being 0.

        Only items between the first and the last of the page by their leading key are put in
        order: of 95,000 a few, however deep the page.
        """
        stop = min(first + count, len(self))
        if first >= stop:
            return []
        names = [part for name, sign in order or USUAL for part in _expanded(name, sign)]
        ranks = _ranks(names[0][0], self.hits)
        low, high = self._bounds(*names[0], ranks, first, stop)
        before, chosen = 0, []
        for hit in self.hits:
            keys = hit.coarse(*names[0], ranks)
            before += int(np.count_nonzero(keys < low))
            places = np.flatnonzero((keys >= low) & (keys <= high))
            if len(places):
                chosen.append(hit.only(places))
        columns = []
        for name, sign in names:
            ranks = _ranks(name, chosen)
            columns.append(np.concatenate([hit.keys(name, sign, ranks) for hit in chosen]))
        # Of equal ones that of the first collection comes first.
        ranked = np.lexsort(columns[::-1])[first - before :][: stop - first]
        items: dict[int, Json] = {}
        start = 0
        for hit in chosen:
            inside = ranked[(ranked >= start) & (ranked < start + len(hit))]
            made = hit.only(inside - start).items() if len(inside) else []
            items |= zip(inside.tolist(), made, strict=True)
            start += len(hit)
        return [items[rank] for rank in ranked.tolist()]

    def _bounds(
        self, name: str, sign: int, ranks: dict[str, float], first: int, stop: int
    ) -> tuple[float, float]:
        """Leading keys of the first and of the last item of a page."""
        if stop > _NEAR:
            every = np.empty(len(self), dtype=np.float32)
            start = 0
            for hit in self.hits:
                every[start : start + len(hit)] = hit.coarse(name, sign, ranks)
                start += len(hit)
            every.partition([first, stop - 1])
            return float(every[first]), float(every[stop - 1])
        best, limit = np.empty(0, dtype=np.float32), np.inf
        for hit in self.hits:
            keys = hit.coarse(name, sign, ranks)
            best = np.concatenate([best, keys[keys <= limit]])
            if len(best) > stop:
                best = np.partition(best, stop - 1)[:stop]
            limit = best.max() if len(best) == stop else np.inf
        best.sort()
        return float(best[first]), float(best[stop - 1])


class Hit:
    """Items of one source that a search found."""

    def __init__(self, source: Part | Kept, positions: npt.NDArray[np.int64] | None) -> None:
        self.source, self.positions = source, positions

    def __len__(self) -> int:
        return len(self.source) if self.positions is None else len(self.positions)

    def only(self, places: npt.NDArray[np.int64]) -> Hit:
        """Some of them."""
        return Hit(self.source, places if self.positions is None else self.positions[places])

    def items(self) -> list[Json]:
        """Complete items."""
        positions = np.arange(len(self)) if self.positions is None else self.positions
        return self.source.items(positions)

    def column(self, name: str) -> Any:
        """Values of a property, or the one value of all."""
        values = self.source.values(name)
        if self.positions is None or not isinstance(values, list | np.ndarray):
            return values
        if isinstance(values, list):
            return [values[position] for position in self.positions]
        return values[self.positions]

    def keys(self, name: str, sign: int, ranks: dict[str, float]) -> Floats:
        """Values as numbers in the same order, in which the missing come last."""
        return np.broadcast_to(sign * _numbers(self.column(name), ranks, sign), len(self))

    def coarse(self, name: str, sign: int, ranks: dict[str, float]) -> npt.NDArray[np.float32]:
        """The same in half the memory: near ones may become equal, none change places."""
        return self.keys(name, sign, ranks).astype(np.float32)


def _ranks(name: str, hits: list[Hit]) -> dict[str, float]:
    """Number of each text in the order of all; none of a property that is a number or a time."""
    if name in _NUMERIC:
        return {}
    texts = sorted({text for hit in hits for text in _texts(hit.column(name))})
    return {text: float(rank) for rank, text in enumerate(texts)}


def _expanded(name: str, sign: int) -> list[tuple[str, int]]:
    return [(part, sign) for part in _ID_PARTS] if name == "id" else [(name, sign)]


def _texts(column: Any) -> set[str]:
    if isinstance(column, np.ndarray):
        return set(np.unique(column).tolist()) if column.dtype.kind == "U" else set()
    several = column if isinstance(column, list) else [column]
    return {value for value in several if isinstance(value, str)}


def _numbers(column: Any, ranks: dict[str, float], sign: int) -> Any:
    if isinstance(column, np.ndarray):
        if column.dtype.kind != "U":
            return column
        known, where = np.unique(column, return_inverse=True)
        return np.array([ranks[text] for text in known.tolist()])[where]
    if isinstance(column, list):
        return np.array([_numbers(value, ranks, sign) for value in column], dtype=float)
    if column is None:
        return sign * np.inf
    return ranks[column] if isinstance(column, str) else float(column)
