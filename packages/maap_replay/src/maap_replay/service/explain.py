"""Why a search of the archive found nothing, for the log of the replay."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np

from earthcare_products.census import census
from maap_replay.archive import filters, frames
from maap_replay.archive.parts import Wanted

LOG = logging.getLogger("maap_replay")


def why_nothing(wanted: Wanted) -> list[str]:
    """Say what no item of the archive can fulfil; returns what was said."""
    first, last = _span()
    said = []
    if wanted.period is not None:
        if wanted.period[1].timestamp() < first:
            said.append(f"there is nothing before {_day(first)}, when the archive begins")
        if wanted.period[0].timestamp() > last:
            said.append(f"there is nothing after {_day(last)}, the day of the census")
    for name, value in [pair for tree in wanted.tests for pair in _equalities(tree)]:
        if filters.property_of(name) == "sat:absolute_orbit":
            highest = frames.number(_last_frame()) // 8
            if isinstance(value, int | float) and not 1 <= value <= highest:
                said.append(f"there is no orbit {value:.0f}: the census ends with {highest}")
        if name == "frame" and value not in [*frames.LETTERS]:
            said.append(f"there is no frame {value!r}: they are called A to H")
    for sentence in said:
        LOG.warning("maap-replay found nothing: %s.", sentence)
    return said


def last_day() -> str:
    """Day of the last item of the census."""
    return _day(_span()[1])


def _equalities(tree: Any) -> Iterator[tuple[str, Any]]:
    """Names and what they are asked to equal, anywhere in a filter."""
    if not isinstance(tree, dict):
        return
    arguments = tree["args"]
    if tree["op"] in ("and", "or"):
        for argument in arguments:
            yield from _equalities(argument)
    elif tree["op"] in ("=", "in", ">", ">=", "between") and "property" in (arguments[0] or {}):
        values = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
        yield from ((arguments[0]["property"], value) for value in values)


def _rows() -> Iterator[Any]:
    return (row for types in census().values() for rows in types.values() for row in rows.values())


def _span() -> tuple[float, float]:
    """When the first and the last item of the census begin."""
    times = [np.datetime64(text[:19]) for row in _rows() for text in (row.begin, row.end)]
    return min(times).astype(float), max(times).astype(float)


def _last_frame() -> str:
    last: str = max(row.last for row in _rows() if row.last)
    return last


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))
