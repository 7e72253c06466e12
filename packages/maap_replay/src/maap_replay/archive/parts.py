"""What a search asks for, and where in the segments of the archive it lies.

Many conditions depend on the frame alone: they are judged once for all frames, and then hold for
every type. The rest is judged once for each line of the census, whatever collections have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import parse_granule_id
from maap_replay.archive import filters, footprints, masks, segments
from maap_replay.archive.segments import FrameSegment, Segment
from maap_replay.archive.times import Interval, microseconds
from maap_replay.recordings.patch import Json

Positions = npt.NDArray[np.int64]
#: What the lines of one search share, worked out once.
Known = dict[Any, Any]
_NONE: Positions = np.arange(0)
#: In a list of values, where they differ from item to item.
_VARIES = object()
#: Fewer than one frame in so many are looked up in a line one by one.
_SPARSE = 16


@dataclass(frozen=True)
class Wanted:
    """Which items are asked for. Empty means any."""

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    area: footprints.Area | None = None
    period: Interval | None = None
    tests: tuple[filters.Tree, ...] = ()

    @cached_property
    def names(self) -> list[str]:
        """Names of properties that the tests use."""
        return sorted({name for tree in self.tests for name in filters.names(tree)})

    @cached_property
    def conditions(self) -> tuple[filters.Tree, ...]:
        """Tests, and what they join by AND, each by itself; those that read ids come last."""
        several = (part for tree in self.tests for part in _conditions(tree))
        return tuple(sorted(several, key=_reads_ids))


def _conditions(tree: filters.Tree) -> Iterator[filters.Tree]:
    if isinstance(tree, dict) and tree["op"] == "and":
        for argument in tree["args"]:
            yield from _conditions(argument)
    else:
        yield tree


def _reads_ids(tree: filters.Tree) -> bool:
    return any(filters.property_of(name) == "id" for name in filters.names(tree))


class Part:
    """Visible items of a segment."""

    def __init__(self, of: Segment, names: Mapping[str, Any]) -> None:
        self.segment, self.names = of, names
        self.hidden: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.segment)

    def hide(self, positions: Positions) -> None:
        """Take items out."""
        if len(positions):
            if self.hidden is None:
                self.hidden = np.zeros(len(self.segment), dtype=bool)
            self.hidden[positions] = True

    def matching(self, wanted: Wanted, known: Known) -> Positions | None:
        """Positions of the items asked for; None stands for all of them.

        `known` is empty before the first part of a search is asked.
        """
        if wanted.collections and self.segment.collection not in wanted.collections:
            return _NONE
        values = {name: self._constant(name) for name in wanted.names}
        key = (self.segment.line, *values.values())
        if key not in known:
            known[key] = _positions(self.segment, wanted, values, known)
        positions: Positions | None = known[key]
        if self.hidden is None or positions is _NONE:
            return positions
        if positions is None:
            return np.flatnonzero(~self.hidden)
        return positions[~self.hidden[positions]]

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        return self.segment.items(positions)

    def values(self, name: str, at: segments.At) -> Any:
        """Values for sorting: one for all, an array of numbers, or None.

        The parts of an id have names of their own; texts in `segments.CODES` are numbers.
        """
        of = self.segment
        if name in segments.CODES:
            return of.code(name, at) if isinstance(of, FrameSegment) else None
        if name == "id 1":
            return of.prefix
        parts = {"id 2": of.start, "id 3": of.second, "id 4": of.last_part}
        return parts[name](at) if name in parts else of.column(name, at)

    def _constant(self, name: str) -> Any:
        if name not in self.names and name not in filters.PLAIN:
            return None
        asked = filters.property_of(name)
        return _VARIES if asked in self.segment.varying else self.segment.column(asked)


def _positions(
    of: Segment, wanted: Wanted, values: Mapping[str, Any], known: Known
) -> Positions | None:
    """Positions of the items of a segment, hidden ones too; `values` are those of all items."""
    found: Any = True
    framed: list[filters.Tree] = []
    for tree in wanted.conditions:
        varying = {filters.property_of(n) for n in filters.names(tree) if values[n] is _VARIES}
        if varying and isinstance(of, FrameSegment) and varying <= segments.OF_FRAMES:
            framed.append(tree)
            continue
        found = found & masks.evaluate(tree, _columns(values, of.column)).yes
        if found is False:
            return _NONE
    if wanted.ids:
        found = found & _with_ids(of, wanted.ids)
    if not isinstance(of, FrameSegment):
        if wanted.area is not None:
            return _NONE
        if wanted.period is not None:
            found = found & _within(wanted.period, of.column)
        return None if found is True else np.flatnonzero(found)
    key = (of.clock, of.shape, *values.values())
    if key not in known:
        known[key] = _frames(of, wanted, framed, values)
    met, few = known[key]
    if met is True:
        return None if found is True else np.flatnonzero(found)
    if len(few) * _SPARSE < len(of):
        positions = of.positions_in(few)
        return positions if found is True else positions[found[positions]]
    return np.flatnonzero(found & met[of.numbers])


def _frames(
    of: FrameSegment, wanted: Wanted, framed: list[filters.Tree], values: Mapping[str, Any]
) -> tuple[Any, Positions]:
    """Which of all frames fulfil what depends on the frame alone: True or a mask; and a list."""

    def column(name: str) -> Any:
        return segments.of_frames(name, of.clock)

    met: Any = True
    for tree in framed:
        met = met & masks.evaluate(tree, _columns(values, column)).yes
    if wanted.period is not None:
        met = met & _within(wanted.period, column)
    if wanted.area is not None:
        met = met & wanted.area.frames(of.shape)
    return met, _NONE if met is True or met is False else np.flatnonzero(met)


def _columns(values: Mapping[str, Any], column: masks.Columns) -> masks.Columns:
    """Column by the name of a queryable."""

    def named(name: str) -> Any:
        value = values[name]
        return column(filters.property_of(name)) if value is _VARIES else value

    return named


def _within(period: Interval, column: masks.Columns) -> npt.NDArray[np.bool_]:
    first, last = map(microseconds, period)
    return np.asarray((column("start_datetime") <= last) & (column("end_datetime") >= first))


def _with_ids(of: Segment, ids: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(of), dtype=bool)
    for product_id in ids:
        if belongs(product_id, of):
            position = of.find(product_id)
            found[[] if position is None else position] = True
    return found


def belongs(product_id: str, segment: Segment) -> bool:
    """Whether an id is of the type and baseline of a segment, and well formed."""
    if product_id[9:19] != segment.file_type or product_id[6:8] != segment.baseline:
        return False
    try:
        parse_granule_id(product_id)
    except ValueError:
        return False
    return True
