"""What ESA MAAP's catalogue held on 6 February 2026, counted by type and baseline.

The numbers are in ``data/census.json``, which states where they are from.

>>> row = census()["EarthCAREL2Validated_MAAP"]["MSI_COP_2A"]["AB"]
>>> row.first, row.last, row.items
('02487D', '06307B', 24674)
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Counted(NamedTuple):
    """One type in one baseline."""

    first: str | None  # frame such as "04537E"; None where the type has none
    last: str | None
    items: int
    begin: str  # time (UTC) at which the first item starts
    end: str  # and the last


_DATA: dict[str, Any] = json.loads((files(__package__) / "data/census.json").read_text("utf-8"))


def census_origin() -> str:
    """Who counted, when and what."""
    return str(_DATA["origin"])


@cache
def census() -> dict[str, dict[str, dict[str, Counted]]]:
    """Collection -> type -> baseline -> what was counted."""
    return {
        collection: {
            file_type: {baseline: Counted(*row) for baseline, row in rows.items()}
            for file_type, rows in types.items()
        }
        for collection, types in _DATA["collections"].items()
    }
