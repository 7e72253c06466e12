"""Periods of the baselines of each product, by a census of the catalogue.

The live catalogue was counted on the day that :func:`earthcare_products.census.census_origin`
names; newer granules, and newer baselines, came later.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import NamedTuple

from earthcare_products.census import Counted, census


class Baseline(NamedTuple):
    """One baseline of a product; a stray granule may begin long before the rest of it."""

    baseline: str
    start_time: datetime  # of its first granule (UTC)
    end_time: datetime  # at which its last granule starts
    first: str  # orbit and frame, "" where they have none
    last: str
    granules: int
    is_open: bool  # whether every account may read them


#: Words in the names of collections that every account may read.
_OPEN = ("Validated", "XMET", "OrbitData")


@cache
def baselines(file_type: str) -> tuple[Baseline, ...]:
    """Return the baselines of a product by name; none of a product that nobody counted.

    Where collections differ, the one with most granules counts.

    >>> [(each.baseline, f"{each.start_time:%Y-%m-%d}") for each in baselines("CPR_CLP_2A")]
    [('BB', '2024-06-17'), ('CA', '2025-11-28')]
    """
    largest: dict[str, Counted] = {}
    open_ones = set()
    for collection, types in census().items():
        for name, row in types.get(file_type, {}).items():
            largest[name] = max(largest.get(name, row), row, key=lambda each: each.items)
            if any(word in collection for word in _OPEN):
                open_ones.add(name)
    return tuple(
        Baseline(name, begin, end, row.first or "", row.last or "", row.items, name in open_ones)
        for name, row in sorted(largest.items())
        for begin, end in [map(datetime.fromisoformat, (row.begin, row.end))]
    )
