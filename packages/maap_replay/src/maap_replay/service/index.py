"""The items as searches see them, prepared once for a catalogue's content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache

from maap_replay.recordings import Recordings
from maap_replay.recordings.patch import Json
from maap_replay.service import filters, geometry
from maap_replay.service.times import Interval, instant


@dataclass(frozen=True)
class Entry:
    """An item, with what searching and answering need of it again and again.

    Parameters
    ----------
    item : dict
        The complete STAC item.
    values : dict
        What filters and sorting see (`filters.view`).
    sensed : tuple of datetime
        First and last moment.
    """

    item: Json
    values: Json
    sensed: Interval

    @cached_property
    def shape(self) -> geometry.Shape:
        """Footprint; empty where the item has none."""
        return geometry.footprint(self.item.get("geometry"))

    @cached_property
    def text(self) -> bytes:
        """The item as JSON: to write it takes longer than to find it."""
        return json.dumps(self.item).encode()


@lru_cache(maxsize=8)
def index(recordings: Recordings) -> tuple[Entry, ...]:
    """Items in the order of the catalogue: by publication, as observed, never by sensing time."""
    entries = [
        Entry(item, filters.view(item), _sensed(item["properties"])) for item in recordings.items
    ]
    return tuple(
        sorted(entries, key=lambda entry: (entry.values.get("published", ""), entry.values["id"]))
    )


def _sensed(properties: Json) -> Interval:
    moment = str(properties["datetime"])
    first, last = (str(properties.get(f"{end}_datetime", moment)) for end in ("start", "end"))
    return instant(first), instant(last)
