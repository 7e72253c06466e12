"""The orbit files of one line of the census, as columns that searches read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from earthcare_products.granule_ids import parse_granule_id
from maap_replay.archive import orbit_files
from maap_replay.archive.segments import EVERY, MICRO, OF_ITEMS, At, Integers, Positions, Segment
from maap_replay.recordings.patch import Json


class FileSegment(Segment):
    """Orbit files, which have neither orbit nor frame."""

    varying = OF_ITEMS | {"start_datetime", "datetime", "end_datetime"}

    @cached_property
    def files(self) -> orbit_files.Files:
        """Their times and numbers."""
        return orbit_files.files(self.file_type, self.row)

    def start(self, at: At = EVERY) -> Integers:
        """First second, since 1970."""
        return self.files.start[at]

    def end(self, at: At = EVERY) -> Integers:
        """Last second."""
        return self.files.end[at]

    def second(self, at: At = EVERY) -> Integers:
        """The second time in each id."""
        return self.files.end[at]

    def published(self, at: At = EVERY) -> Integers:
        """When items came into the catalogue, in milliseconds."""
        return orbit_files.published(self.files.start[at])

    def last_part(self, at: At = EVERY) -> Integers:
        """What the end of each id says."""
        return self.files.version[at]

    def ids(self, at: At = EVERY) -> list[str]:
        """Ids."""
        return orbit_files.ids_of(self.file_type, self.baseline, self.files, at)

    def items(self, positions: Positions) -> list[Json]:
        """Complete items."""
        return [
            orbit_files.item(self.collection, product_id, self.files, position)
            for position, product_id in zip(positions, self.ids(positions), strict=True)
        ]

    def sample(self) -> Json:
        """First item; its times and its place do not matter."""
        return self.items(np.array([0]))[0]

    def positions_of(self, product_id: str) -> Positions:
        """Where items with an id may lie."""
        start = int(parse_granule_id(product_id).start_time.timestamp())
        same = self.files.start == start
        return np.flatnonzero(same & (self.files.version == int(product_id[54:])))

    def column(self, name: str, at: At = EVERY) -> Any:
        """Values of a property: one for all, an array, or None."""
        if name in ("created", "processing:datetime"):
            return orbit_files.created(self.files.start[at]) * MICRO
        if name == "updated":
            return orbit_files.updated(self.files.start[at]) * MICRO
        return super().column(name, at)
