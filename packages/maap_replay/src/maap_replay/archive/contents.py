"""A catalogue's content: segments of the archive, and the items that were kept from the service.

An item that was kept, because a public page shows it or `maap-replay record` wrote it, takes the
place of what the rule makes of the same frame in the same collection, type and baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from earthcare_products.census import Counted, census
from earthcare_products.granule_ids import parse_granule_id
from maap_replay.archive import filters, footprints, frames, geometry, masks, observed
from maap_replay.archive.file_segments import FileSegment
from maap_replay.archive.items import ORIGIN
from maap_replay.archive.parts import Known, Part, Positions, Wanted, belongs
from maap_replay.archive.segments import CODES, At, FrameSegment, Segment
from maap_replay.archive.times import instant, microseconds
from maap_replay.recordings.patch import Json

#: Queryables of collections.
Queryables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """A kept item, with what searching needs of it again and again."""

    item: Json
    columns: Json
    sensed: tuple[int, int]
    id_parts: tuple[str, int, int, int]

    @cached_property
    def shape(self) -> geometry.Shape:
        """Footprint; empty where the item has none."""
        return geometry.footprint(self.item.get("geometry"))


class Kept:
    """Kept items."""

    def __init__(self, items: Iterable[Json], queryables: Queryables) -> None:
        self.entries = [_entry(item) for item in items]
        self.queryables = queryables

    def __len__(self) -> int:
        return len(self.entries)

    def matching(self, wanted: Wanted, known: Known) -> Positions:
        """Positions of the items asked for."""
        found = [self._matches(entry, wanted) for entry in self.entries]
        return np.flatnonzero(np.array(found, dtype=bool))

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        return [self.entries[position].item for position in positions]

    def values(self, name: str, at: At) -> list[Any]:
        """Values for sorting; texts in `CODES` are numbers."""
        chosen = [self.entries[position] for position in np.arange(len(self))[at]]
        if name.startswith("id "):
            return [entry.id_parts[int(name[3:]) - 1] for entry in chosen]
        found = [entry.columns.get(name) for entry in chosen]
        return [CODES[name].get(value) for value in found] if name in CODES else found

    def _matches(self, entry: Entry, wanted: Wanted) -> bool:
        item = entry.item
        if wanted.collections and item["collection"] not in wanted.collections:
            return False
        if wanted.ids and item["id"] not in wanted.ids:
            return False
        if wanted.period is not None:
            first, last = (microseconds(moment) for moment in wanted.period)
            if entry.sensed[0] > last or entry.sensed[1] < first:
                return False
        names = self.queryables.get(item["collection"], {})

        def column(name: str) -> Any:
            known = name in names or name in filters.PLAIN
            return entry.columns.get(filters.property_of(name)) if known else None

        if not all(masks.evaluate(tree, column).yes for tree in wanted.tests):
            return False
        return wanted.area is None or geometry.meets(entry.shape, wanted.area.parts)


class Contents:
    """Everything a catalogue holds.

    Parameters
    ----------
    items : iterable of dict
        Items that were kept.
    queryables : mapping
        Names that filters may use, by collection.
    by_rule : bool
        Whether the archive is there as well.
    covered : sequence of Wanted
        Searches of which every item was kept: the archive has none of its own for them.
    """

    def __init__(
        self,
        items: Iterable[Json],
        queryables: Queryables,
        *,
        by_rule: bool = False,
        covered: Iterable[Wanted] = (),
    ) -> None:
        self.kept = Kept(items, queryables)
        self.parts = [
            Part(_segment(collection, file_type, baseline, row), queryables.get(collection, {}))
            for collection, types in (census() if by_rule else {}).items()
            for file_type, rows in types.items()
            for baseline, row in rows.items()
        ]
        self.by_address = {
            (entry.item["collection"], entry.item["id"]): entry.item for entry in self.kept.entries
        }
        for collection, product_id in self.by_address:
            for part in self._parts_of(product_id, collection):
                part.hide(part.segment.positions_of(product_id))
        for wanted in covered:
            for part in self.parts:
                positions = part.matching(wanted, {})
                part.hide(np.arange(len(part)) if positions is None else positions)

    def prepare(self) -> None:
        """Work out what the first searches would otherwise wait for: it takes a moment."""
        for part in self.parts:
            part.segment.coarse("published")  # by which pages are in order
        if self.parts:
            footprints.prepare()

    @property
    def sources(self) -> list[Part | Kept]:
        """Where items are."""
        return [*self.parts, self.kept]

    def item(self, collection: str, product_id: str) -> Json | None:
        """Item at an address, or None."""
        if (kept := self.by_address.get((collection, product_id))) is not None:
            return kept
        for part in self._parts_of(product_id, collection):
            position = part.segment.find(product_id)
            if position is not None and (part.hidden is None or not part.hidden[position]):
                return part.segment.items(np.array([position]))[0]
        return None

    def origin(self, collection: str, product_id: str) -> str:
        """What is real in an item: observed, recorded or written by rule."""
        if (collection, product_id) in self.by_address:
            return observed.origins().get(product_id, "recorded")
        return ORIGIN

    def items(self, product_id: str) -> list[Json]:
        """Items of an id, one for each collection that has it."""
        places = {part.segment.collection for part in self._parts_of(product_id)}
        places |= {collection for collection, name in self.by_address if name == product_id}
        found = [self.item(collection, product_id) for collection in sorted(places)]
        return [item for item in found if item is not None]

    def months(self, collection: str) -> list[str]:
        """Months, such as "2025-03", in which a collection has items that were sensed."""
        found = {
            entry.item["properties"]["datetime"][:7]
            for entry in self.kept.entries
            if entry.item["collection"] == collection
        }
        for part in self.parts:
            if part.segment.collection == collection:
                months = np.unique(
                    part.segment.start().astype("datetime64[s]").astype("datetime64[M]")
                )
                found |= {str(month) for month in months}
        return sorted(found)

    def _parts_of(self, product_id: str, collection: str | None = None) -> list[Part]:
        return [
            part
            for part in self.parts
            if collection in (None, part.segment.collection) and belongs(product_id, part.segment)
        ]


def _segment(collection: str, file_type: str, baseline: str, row: Counted) -> Segment:
    """Segment of a line of the census."""
    kind = FileSegment if row.first is None else FrameSegment
    return kind(collection, file_type, baseline, row)


def _entry(item: Json) -> Entry:
    properties = item["properties"]
    moment = str(properties["datetime"])
    begin, end = (str(properties.get(f"{which}_datetime", moment)) for which in ("start", "end"))
    try:
        name = parse_granule_id(item["id"])
        seconds = int(name.start_time.timestamp()), int(name.created.timestamp())
        last = item["id"][54:]
        parts = item["id"][:20], *seconds, frames.number(last) if name.frame else int(last)
    except ValueError:  # not an EarthCARE product
        parts = item["id"], 0, 0, 0
    sensed = microseconds(instant(begin)), microseconds(instant(end))
    return Entry(item, filters.view(item), sensed, parts)
