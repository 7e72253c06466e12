"""One page of the items that a search found, in an order, without putting all of them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from maap_replay.archive import filters
from maap_replay.archive.contents import Contents, Kept
from maap_replay.archive.parts import Known, Part, Positions, Wanted
from maap_replay.archive.segments import CODES, EVERY
from maap_replay.recordings.patch import Json

#: Property and direction, 1 or -1.
Name = tuple[str, int]
Order = Sequence[Name]
#: Number of a hit, and position in its source.
Place = tuple[int, int]
Ranks = dict[Any, int]
#: That of the catalogue: by publication, as observed, never by sensing time.
USUAL: Order = (("published", 1), ("id", 1))
#: An id is compared part by part, which is the same and needs no texts.
_ID_PARTS = ("id 1", "id 2", "id 3", "id 4")
_NUMERIC = filters.TIMES | filters.NUMBERS | {*_ID_PARTS[1:], *CODES}
#: So many items are put in order at once; of more, those of the page are looked for first.
_FEW = 20_000
#: Steps in which they are looked for.
_STEPS = 4096
#: Key of items without a value, which come last.
_LAST = 2**31 - 1


class Found:
    """The items of a search: places in the sources of a catalogue's content."""

    def __init__(self, contents: Contents, wanted: Wanted) -> None:
        self.hits: list[Hit] = []
        known: Known = {}
        for source in contents.sources:
            positions = source.matching(wanted, known)
            if positions is None or len(positions):
                self.hits.append(Hit(len(self.hits), source, positions))

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
        ranked = _page(self.hits, names, first, stop)
        places: dict[int, list[int]] = {}
        for hit, position in ranked:
            places.setdefault(hit, []).append(position)
        items = {
            hit: dict(zip(several, self.hits[hit].source.items(np.array(several)), strict=True))
            for hit, several in places.items()
        }
        return [items[hit][position] for hit, position in ranked]


@dataclass(frozen=True)
class Hit:
    """Items of one source that a search found."""

    number: int
    source: Part | Kept
    positions: Positions | None

    def __len__(self) -> int:
        return len(self.source) if self.positions is None else len(self.positions)

    @property
    def share(self) -> Any:
        """The same for hits that have the same items, in different collections."""
        line = self.source.segment.line if isinstance(self.source, Part) else self.source
        return line, None if self.positions is None else id(self.positions)


def _size(hits: list[Hit]) -> int:
    return sum(map(len, hits))


def _page(hits: list[Hit], names: list[Name], first: int, stop: int) -> list[Place]:
    """Places of the items of rank `first` to `stop`, in order."""
    if not names or _size(hits) <= _FEW:
        return _sorted(hits, names, first, stop)
    (name, sign), *rest = names
    ranks = _ranks(name, hits)
    groups: dict[Any, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.share, []).append(hit)
    keys = {share: _coarse(group[0], name, sign, ranks) for share, group in groups.items()}
    low, high, before = _bounds(
        [(keys[share], _size(group), len(group)) for share, group in groups.items()], first, stop
    )

    def between(low: int, high: int) -> list[Hit]:
        places = {share: _places(groups[share][0], key, low, high) for share, key in keys.items()}
        chosen = [replace(hit, positions=places[hit.share]) for hit in hits]
        return [hit for hit in chosen if len(hit)]

    near = between(low, high)
    first, stop = first - before, stop - before
    if _size(near) <= _FEW or name in filters.TIMES:
        return _sorted(near, names, first, stop)
    if low == high:
        return _page(near, rest, first, stop)
    lowest = between(low, low)
    count = _size(lowest)
    more = between(low + 1, high) if stop > count else []
    return [
        *(_page(lowest, rest, first, min(stop, count)) if first < count else ()),
        *(_page(more, names, max(0, first - count), stop - count) if more else ()),
    ]


def _bounds(keys: list[tuple[Any, int, int]], first: int, stop: int) -> tuple[int, int, int]:
    """Keys of the first and of the last item of a page or a little beyond, and how many are lower.

    Each of `keys` is an array or one number, with the number of items that have it, and in how many
    hits: they are counted in steps, and between two of them again.
    """
    low = min(int(np.min(key)) for key, *_ in keys)
    high = max(int(np.max(key)) for key, *_ in keys)
    before, narrowed = 0, False
    while True:
        width = (high - low) // _STEPS + 1
        counts = np.zeros(_STEPS, dtype=np.int64)
        for key, items, hits in keys:
            if not isinstance(key, np.ndarray):
                if low <= key <= high:
                    counts[(key - low) // width] += items
                continue
            some = key[(key >= low) & (key <= high)] if narrowed else key
            steps = (some.astype(np.int64) - low) // width
            counts += hits * np.bincount(steps, minlength=_STEPS)
        ends = before + np.cumsum(counts)
        begin, end = (int(np.searchsorted(ends, rank, "right")) for rank in (first, stop - 1))
        before = int(ends[begin - 1]) if begin else before
        low, high = low + begin * width, min(high, low + (end + 1) * width - 1)
        # Half of the steps or more would not make the next ones much finer, if at all.
        if width == 1 or ends[end] - before <= _FEW or 2 * (end - begin + 1) > _STEPS:
            return low, high, before
        narrowed = True


def _places(hit: Hit, key: Any, low: int, high: int) -> Positions | None:
    """Positions of the items of a hit whose key lies between two."""
    if not isinstance(key, np.ndarray):
        return hit.positions if low <= key <= high else np.arange(0)
    chosen = np.flatnonzero((key >= low) & (key <= high))
    return chosen if hit.positions is None else hit.positions[chosen]


def _sorted(hits: list[Hit], names: list[Name], first: int, stop: int) -> list[Place]:
    columns = []
    for name, sign in names:
        ranks = _ranks(name, hits)
        columns.append(np.concatenate([_exact(hit, name, sign, ranks) for hit in hits]))
    # Of equal ones that of the first collection comes first.
    ranked = np.lexsort(columns[::-1])[first:stop] if columns else np.arange(first, stop)
    numbers = np.repeat([hit.number for hit in hits], [*map(len, hits)])
    positions = np.concatenate(
        [np.arange(len(hit)) if hit.positions is None else hit.positions for hit in hits]
    )
    return [*zip(numbers[ranked].tolist(), positions[ranked].tolist(), strict=True)]


def _exact(hit: Hit, name: str, sign: int, ranks: Ranks) -> npt.NDArray[Any]:
    """Values as numbers in their order, in which the missing come last."""
    values = sign * _values(hit, name, ranks)
    return np.broadcast_to(np.where(np.isnan(values), np.inf, values), len(hit))


def _coarse(hit: Hit, name: str, sign: int, ranks: Ranks) -> Any:
    """The same as whole numbers: of times near ones become equal, none change places."""
    if isinstance(hit.source, Part) and name in filters.TIMES:
        seconds = hit.source.segment.coarse(name)
        seconds = seconds if hit.positions is None else seconds[hit.positions]
        return seconds if sign == 1 else -seconds
    values = _values(hit, name, ranks)
    whole = sign * (values // 1_000_000 if name in filters.TIMES else values)
    if isinstance(whole, np.ndarray) and whole.dtype.kind == "i":
        return whole
    whole = np.where(np.isnan(whole), _LAST, whole).astype(np.int64)
    return whole if whole.ndim else int(whole)


def _values(hit: Hit, name: str, ranks: Ranks) -> Any:
    column = hit.source.values(name, EVERY if hit.positions is None else hit.positions)
    if isinstance(column, np.ndarray):
        return column
    several = column if isinstance(column, list) else [column]
    numbers = np.array([np.nan if v is None else ranks.get(v, v) for v in several], dtype=float)
    return numbers if isinstance(column, list) else numbers[0]


def _ranks(name: str, hits: list[Hit]) -> Ranks:
    """Number of each value in the order of all; none of a property that is a number already."""
    if name in _NUMERIC:
        return {}
    found: set[Any] = set()
    for hit in hits:
        column = hit.source.values(name, EVERY if hit.positions is None else hit.positions)
        found |= {*column} if isinstance(column, list) else {column}
    ordered = sorted(found - {None}, key=lambda value: (isinstance(value, str), value))
    return {value: rank for rank, value in enumerate(ordered)}


def _expanded(name: str, sign: int) -> list[Name]:
    return [(part, sign) for part in _ID_PARTS] if name == "id" else [(name, sign)]
