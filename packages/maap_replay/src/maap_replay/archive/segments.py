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
from maap_replay.archive import dates, filters, footprints, frames, items
from maap_replay.archive.masks import Ids
from maap_replay.archive.members import members
from maap_replay.recordings.patch import Json

Integers = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int64]
#: Some items, or `EVERY`.
At = Positions | slice
_STATES = ["ascending" if letter in "ABCH" else "descending" for letter in frames.LETTERS]
#: Text of each letter of a frame.
_TEXTS = {"frame": np.array([*frames.LETTERS]), "sat:orbit_state": np.array(_STATES)}
#: Number of each such text in the order of all, by which items are sorted.
CODES = {name: {str(t): code for code, t in enumerate(np.unique(x))} for name, x in _TEXTS.items()}
MICRO, MILLI = 1_000_000, 1_000
#: Positions of all items.
EVERY = slice(None)
#: What follows from the number of a frame, and what each item has of its own.
OF_FRAMES = frozenset(
    {"frame", "sat:orbit_state", "sat:absolute_orbit"}
    | {"start_datetime", "datetime", "end_datetime"}
)
OF_ITEMS = frozenset({"created", "processing:datetime", "updated", "published", "id"})


class Segment(ABC):
    """Items that share collection, type and baseline, in the order of their sensing.

    Times are of the items at positions, by default of all.

    Parameters
    ----------
    collection, file_type, baseline : str
        What they share.
    row : Counted
        Their line of the census.
    """

    #: Properties in which the items differ.
    varying: frozenset[str]

    def __init__(self, collection: str, file_type: str, baseline: str, row: Counted) -> None:
        self.collection, self.file_type, self.baseline = collection, file_type, baseline
        self.row = row
        #: Segments of this line in other collections have the same items.
        self.line = file_type, baseline, row

    def __len__(self) -> int:
        return self.row.items

    @abstractmethod
    def start(self, at: At = EVERY) -> Integers:
        """First second, since 1970."""

    @abstractmethod
    def end(self, at: At = EVERY) -> Integers:
        """Last second."""

    @abstractmethod
    def second(self, at: At = EVERY) -> Integers:
        """The second time in each id."""

    @abstractmethod
    def published(self, at: At = EVERY) -> Integers:
        """When items came into the catalogue, in milliseconds since 1970."""

    @abstractmethod
    def last_part(self, at: At = EVERY) -> Integers:
        """What the end of each id says: the number of its frame, or of its version."""

    @abstractmethod
    def ids(self, at: At = EVERY) -> list[str]:
        """Ids."""

    @abstractmethod
    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""

    @abstractmethod
    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""

    @abstractmethod
    def sample(self) -> Json:
        """First item; its times and its place do not matter."""

    def column(self, name: str, at: At = EVERY) -> Any:
        """Values of a property as filters see them: one for all, an array, or None."""
        own = {"collection": self.collection, "product:type": self.file_type}
        if name in own:
            return own[name]
        if name == "version":
            return self.baseline.casefold()
        if name in ("start_datetime", "datetime"):
            return self.start(at) * MICRO
        if name == "end_datetime":
            return self.end(at) * MICRO
        if name == "published":
            return self.published(at) * MILLI
        if name == "id":
            return Ids(self)
        return self.shared.get(name)

    def coarse(self, name: str) -> Any:
        """Column of a time in whole seconds."""
        return self.column(name) // MICRO

    @cached_property
    def shared(self) -> Json:
        """What filters see of the first item: all that does not differ holds for all."""
        return filters.view(self.sample())

    @cached_property
    def prefix(self) -> str:
        """Beginning of all ids."""
        return items.prefix_of(self.file_type, self.baseline)

    def ending_with(self, tail: str) -> Positions:
        """Positions of the ids that end with a text of up to six letters."""
        return np.flatnonzero(np.char.endswith(self.ids(), tail))

    def find(self, product_id: str) -> int | None:
        """Position of an id."""
        places = self.positions_of(product_id)
        same = [
            place
            for place, name in zip(places, self.ids(places), strict=True)
            if name == product_id
        ]
        return int(same[0]) if same else None


class FrameSegment(Segment):
    """Products of frames."""

    def __init__(self, collection: str, file_type: str, baseline: str, row: Counted) -> None:
        super().__init__(collection, file_type, baseline, row)
        self.varying = OF_FRAMES | OF_ITEMS
        if not items.has_orbit(file_type, baseline):
            self.varying -= {"sat:absolute_orbit"}
        #: Types of the same clock and shape have the same times and footprints.
        self.clock = file_type if file_type in items.OWN_CLOCK else ""
        self.shape = items.shape_of(file_type)

    @property
    def numbers(self) -> npt.NDArray[np.int32]:
        """Number of each item's frame, in ascending order."""
        return members(self.file_type, self.row)[0]

    def start(self, at: At = EVERY) -> Integers:
        """First second, since 1970."""
        return np.asarray(items.begin(self.file_type, self.numbers[at]))

    def end(self, at: At = EVERY) -> Integers:
        """Last second."""
        return np.asarray(items.end(self.file_type, self.numbers[at]))

    def second(self, at: At = EVERY) -> Integers:
        """The second time in each id."""
        numbers, copies = (each[at].astype(np.int64) for each in members(self.file_type, self.row))
        return np.asarray(dates.created(self.file_type, self.baseline, numbers, copies))

    def published(self, at: At = EVERY) -> Integers:
        """When items came into the catalogue, in milliseconds."""
        return np.asarray(dates.with_milliseconds(self.numbers[at], _published(*self.line)[at]))

    def last_part(self, at: At = EVERY) -> Integers:
        """What the end of each id says."""
        return self.numbers[at].astype(np.int64)

    def code(self, name: str, at: At) -> Integers:
        """Number of a text in `CODES`."""
        letters = np.array([CODES[name][str(text)] for text in _TEXTS[name]])
        return np.asarray(letters[self.numbers[at] % 8])

    def ids(self, at: At = EVERY) -> list[str]:
        """Ids."""
        numbers, start, made = self.numbers[at], self.start(at), self.second(at)
        return items.ids_of(self.file_type, self.baseline, numbers, start, made)

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        numbers, published = self.numbers[positions], self.published(positions)
        drawn = footprints.drawn(numbers, self.shape)
        return [
            items.item_of_frame(self.collection, product_id, int(frame), int(when), where)
            for product_id, frame, when, where in zip(
                self.ids(positions), numbers, published, drawn, strict=True
            )
        ]

    def sample(self) -> Json:
        """First item; its times and its place do not matter."""
        (product_id,) = self.ids(np.array([0]))
        return items.item_of_frame(self.collection, product_id, int(self.numbers[0]), 0, {})

    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""
        if not parse_granule_id(product_id).orbit:
            return np.arange(0)
        return self.positions_in(np.array([frames.number(product_id[54:])]))

    def ending_with(self, tail: str) -> Positions:
        """Positions of the ids that end with a text of up to six letters."""
        return np.flatnonzero(frames.ending_with(tail)[self.numbers])

    def positions_in(self, numbers: Integers) -> Positions:
        """Where the items of a few frames lie."""
        low, high = (np.searchsorted(self.numbers, numbers, side) for side in ("left", "right"))
        return np.concatenate([np.arange(0), *map(np.arange, low, high)])

    def column(self, name: str, at: At = EVERY) -> Any:
        """Values of a property: one for all, an array, or None."""
        if name in OF_FRAMES:
            known = name in self.varying
            return of_frames(name, self.clock)[self.numbers[at]] if known else None
        if name in ("created", "processing:datetime"):
            return self.second(at) * MICRO
        if name == "updated":
            return dates.updated(self.numbers[at], self.published(at)) * MICRO
        return super().column(name, at)

    def coarse(self, name: str) -> Any:
        """Column of a time in whole seconds."""
        return _published(*self.line) if name == "published" else super().coarse(name)


@cache
def of_frames(name: str, clock: str) -> Any:
    """Values of a property of `OF_FRAMES` for all frames, by their number."""
    numbers = np.arange(frames.HIGHEST)
    if name in _TEXTS:
        return _TEXTS[name][numbers % 8]
    if name == "sat:absolute_orbit":
        return numbers // 8
    moment = items.end if name == "end_datetime" else items.begin
    return moment(clock, numbers) * MICRO


@cache
def _published(file_type: str, baseline: str, row: Counted) -> npt.NDArray[np.int32]:
    numbers, copies = (each.astype(np.int64) for each in members(file_type, row))
    made = dates.created(file_type, baseline, numbers, copies)
    return np.asarray(dates.published(numbers, made), dtype=np.int32)
