"""Orbit files: predicted and restituted orbits, one a day, and the orbit scenario.

Public are their number, the start of the first and the last, and one id. A day has one file; those
that are too many for that are second versions. A prediction holds for ten days, a restituted orbit
for one; the scenario's end of validity is ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from earthcare_products.census import Counted
from maap_replay.archive.items import compact, stamp
from maap_replay.recordings.lines import expand
from maap_replay.recordings.patch import Json
from maap_replay.recordings.sizes import with_sizes

Integers = npt.NDArray[np.int64]
DAY = 86400
_DAYS = {"AUX_ORBPRE": 10, "AUX_ORBRES": 1, "MPL_ORBSCT": 4 * 365 + 1}


class Files(NamedTuple):
    """Seconds since 1970 at which files begin and cease to hold, and the number in their ids."""

    start: Integers
    end: Integers
    version: Integers


def files(file_type: str, row: Counted) -> Files:
    """All files of a line of the census, by start and version."""
    first, last = (int(datetime.fromisoformat(t).timestamp()) for t in (row.begin, row.end))
    days = np.arange(first // DAY, last // DAY + 1) * DAY
    days[0] = first
    days = days[-row.items :]
    versions = np.full(len(days), row.items // len(days))
    more = row.items - versions.sum()
    versions[np.linspace(0, len(days) - 1, more + 2).astype(int)[1:-1]] += 1
    start = np.repeat(days, versions)
    ends = np.cumsum(versions)
    version = np.arange(row.items) - np.repeat(ends - versions, versions) + 1
    return Files(start, start + _DAYS[file_type] * DAY, version)


def created(start: Integers) -> Integers:
    """When a file was made: when it begins to hold, and six hours."""
    return start + 6 * 3600


def published(start: Integers) -> Integers:
    """When it came into the catalogue, in milliseconds."""
    return (created(start) + 2 * 3600) * 1000 + 137


def updated(start: Integers) -> Integers:
    """When its item was changed last."""
    return created(start) + 3 * 3600


def ids_of(file_type: str, baseline: str, known: Files, at: Any) -> list[str]:
    """Ids of files."""
    return [
        f"ECA_EX{baseline}_{file_type}_{first}_{second}_{version:04d}"
        for first, second, version in zip(
            compact(known.start[at]).tolist(),
            compact(known.end[at]).tolist(),
            known.version[at].tolist(),
            strict=True,
        )
    ]


def item(collection: str, product_id: str, known: Files, position: int) -> Json:
    """Complete item of a file."""
    start = known.start[position]
    properties = {
        "end_datetime": stamp(int(known.end[position])),
        "created": stamp(int(created(start))),
        "processing:datetime": stamp(int(created(start))),
        "published": stamp(int(published(start)) / 1000),
        "updated": stamp(int(updated(start)), 0),
    }
    line = {"id": product_id, "collection": collection, "style": "2025-12"}
    return with_sizes(expand({**line, "patch": {"properties": properties}}))
