"""The items of one collection, type and baseline, as columns that searches read.

A segment never holds its items: `items` makes them when they are asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products.census import Counted
from earthcare_products.granule_ids import parse_granule_id
from maap_replay.archive import dates, filters, footprints, frames, items, orbit_files
from maap_replay.archive.masks import Ids
from maap_replay.archive.members import members
from maap_replay.recordings.patch import Json

Integers = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int64]
_STATES = np.array(["ascending" if letter in "ABCH" else "descending" for letter in frames.LETTERS])
_LETTERS = np.array([*frames.LETTERS])
MICRO, MILLI = 1_000_000, 1_000


class Segment(ABC):
    """Items that share collection, type and baseline, in the order of their sensing.

    Parameters
    ----------
    collection, file_type, baseline : str
        What they share.
    row : Counted
        Their line of the census.
    """

    def __init__(self, collection: str, file_type: str, baseline: str, row: Counted) -> None:
        self.collection, self.file_type, self.baseline = collection, file_type, baseline
        self.row = row

    def __len__(self) -> int:
        return self.row.items

    @property
    @abstractmethod
    def start(self) -> Integers:
        """First second of each item, since 1970."""

    @property
    @abstractmethod
    def end(self) -> Integers:
        """Last second of each item."""

    @property
    @abstractmethod
    def second(self) -> Integers:
        """The second time in each id."""

    @property
    @abstractmethod
    def published(self) -> Integers:
        """When each item came into the catalogue, in milliseconds since 1970."""

    @property
    @abstractmethod
    def last_part(self) -> Integers:
        """What the end of each id says: the number of its frame, or of its version."""

    @abstractmethod
    def id(self, position: int) -> str:
        """Id of an item."""

    @abstractmethod
    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""

    @abstractmethod
    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""

    @abstractmethod
    def meets(self, positions: Positions, area: footprints.Area) -> npt.NDArray[np.bool_]:
        """Whether the footprint of items meets an area."""

    @abstractmethod
    def column(self, name: str) -> Any:
        """Values of a property as filters see them: one for all, an array, or None."""

    @cached_property
    def shared(self) -> Json:
        """What filters see of the first item: all that does not differ holds for all."""
        return filters.view(self.sample())

    @abstractmethod
    def sample(self) -> Json:
        """First item; its times and its place do not matter."""

    @property
    def prefix(self) -> str:
        """Beginning of all ids."""
        return self.id(0)[:20]

    def find(self, product_id: str) -> int | None:
        """Position of an id."""
        return next(
            (int(p) for p in self.positions_of(product_id) if self.id(p) == product_id), None
        )

    def _common(self, name: str) -> Any:
        own = {"collection": self.collection, "product:type": self.file_type}
        if name in own:
            return own[name]
        if name == "version":
            return self.baseline.casefold()
        if name in ("start_datetime", "datetime"):
            return self.start * MICRO
        if name == "end_datetime":
            return self.end * MICRO
        if name == "published":
            return self.published * MILLI
        if name == "id":
            return Ids(self)
        return self.shared.get(name)


class FrameSegment(Segment):
    """Products of frames."""

    @property
    def numbers(self) -> Integers:
        """Number of each item's frame."""
        return members(self.file_type, self.row)[0].astype(np.int64)

    @property
    def start(self) -> Integers:
        """First second of each item, since 1970."""
        return np.asarray(items.begin(self.file_type, self.numbers))

    @property
    def end(self) -> Integers:
        """Last second of each item."""
        return np.asarray(items.end(self.file_type, self.numbers))

    @property
    def second(self) -> Integers:
        """The second time in each id."""
        return _created(self.file_type, self.baseline, self.row)

    @property
    def published(self) -> Integers:
        """When each item came into the catalogue, in milliseconds."""
        seconds = _published(self.file_type, self.baseline, self.row)
        return np.asarray(dates.with_milliseconds(self.numbers, seconds))

    @property
    def last_part(self) -> Integers:
        """What the end of each id says."""
        return self.numbers

    def id(self, position: int) -> str:
        """Id of an item."""
        numbers, copies = members(self.file_type, self.row)
        frame = numbers[position].astype(np.int64)
        made = dates.created(self.file_type, self.baseline, frame, int(copies[position]))
        start = items.begin(self.file_type, frame)
        return items.id_of(self.file_type, self.baseline, int(frame), int(start), int(made))

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        numbers, published = self.numbers[positions], self.published[positions]
        drawn = footprints.drawn(numbers, items.shape_of(self.file_type))
        return [
            items.item_of_frame(self.collection, self.id(position), int(frame), int(when), where)
            for position, frame, when, where in zip(
                positions, numbers, published, drawn, strict=True
            )
        ]

    def sample(self) -> Json:
        """First item; its times and its place do not matter."""
        frame = int(members(self.file_type, self.row)[0][0])
        return items.item_of_frame(self.collection, self.id(0), frame, 0, {})

    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""
        name = parse_granule_id(product_id)
        if not name.orbit:
            return np.arange(0)
        numbers, frame = members(self.file_type, self.row)[0], frames.number(product_id[54:])
        low, high = np.searchsorted(numbers, [frame, frame + 1])
        return np.arange(low, high)

    def meets(self, positions: Positions, area: footprints.Area) -> npt.NDArray[np.bool_]:
        """Whether the footprint of items meets an area."""
        shape = items.shape_of(self.file_type)
        return area.meets(self.numbers[positions], shape)

    def column(self, name: str) -> Any:
        """Values of a property: one for all, an array, or None."""
        if name == "frame":
            return _LETTERS[self.numbers % 8]
        if name == "sat:orbit_state":
            return _STATES[self.numbers % 8]
        if name == "sat:absolute_orbit":
            known = items.has_orbit(self.file_type, self.baseline)
            return self.numbers // 8 if known else None
        if name in ("created", "processing:datetime"):
            return self.second * MICRO
        if name == "updated":
            return dates.updated(self.numbers, self.published) * MICRO
        return self._common(name)


class FileSegment(Segment):
    """Orbit files, which have neither orbit nor frame."""

    @cached_property
    def files(self) -> orbit_files.Files:
        """Their times and numbers."""
        return orbit_files.files(self.file_type, self.row)

    @property
    def start(self) -> Integers:
        """First second of each item, since 1970."""
        return self.files.start

    @property
    def end(self) -> Integers:
        """Last second of each item."""
        return self.files.end

    @property
    def second(self) -> Integers:
        """The second time in each id."""
        return self.files.end

    @property
    def published(self) -> Integers:
        """When each item came into the catalogue, in milliseconds."""
        return orbit_files.published(self.files.start)

    @property
    def last_part(self) -> Integers:
        """What the end of each id says."""
        return self.files.version

    def id(self, position: int) -> str:
        """Id of an item."""
        return orbit_files.id_of(self.file_type, self.baseline, self.files, position)

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        return [
            orbit_files.item(self.collection, self.id(position), self.files, position)
            for position in positions
        ]

    def sample(self) -> Json:
        """First item; its times and its place do not matter."""
        return self.items(np.array([0]))[0]

    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""
        start = int(parse_granule_id(product_id).start_time.timestamp())
        same = self.files.start == start
        return np.flatnonzero(same & (self.files.version == int(product_id[54:])))

    def meets(self, positions: Positions, area: footprints.Area) -> npt.NDArray[np.bool_]:
        """Whether the footprint of items meets an area."""
        return np.zeros(len(positions), dtype=bool)

    def column(self, name: str) -> Any:
        """Values of a property: one for all, an array, or None."""
        if name in ("created", "processing:datetime"):
            return orbit_files.created(self.files.start) * MICRO
        if name == "updated":
            return orbit_files.updated(self.files.start) * MICRO
        return self._common(name)


def segment(collection: str, file_type: str, baseline: str, row: Counted) -> Segment:
    """Segment of a line of the census."""
    kind = FileSegment if row.first is None else FrameSegment
    return kind(collection, file_type, baseline, row)


def _created(file_type: str, baseline: str, row: Counted) -> Integers:
    numbers, copies = (each.astype(np.int64) for each in members(file_type, row))
    return np.asarray(dates.created(file_type, baseline, numbers, copies))


@cache
def _published(file_type: str, baseline: str, row: Counted) -> npt.NDArray[np.int32]:
    numbers = members(file_type, row)[0].astype(np.int64)
    seconds = dates.published(numbers, _created(file_type, baseline, row))
    return np.asarray(seconds, dtype=np.int32)
