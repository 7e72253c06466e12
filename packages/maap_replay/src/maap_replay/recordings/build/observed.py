"""Lines of the items that public pages show, from ``observed.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from earthcare_products.granule_ids import parse_granule_id
from maap_replay.recordings import FOLDER
from maap_replay.recordings.build.lines import line
from maap_replay.recordings.build.passes import footprint, moved, stamp
from maap_replay.recordings.patch import Json

OPEN = "EarthCAREL2Validated_MAAP"
NOTEBOOK = (
    "observed: public notebook output, Oct 2025; ring: track model moved to the observed bbox"
)
COMPLETE = "observed: complete item in public notebook output, Aug-Sep 2025"
PAGE = "observed: id, asset keys and `updated` on the original tutorial page, Oct 2025"
NAME = "observed: id in public notebooks, code or pages; rest: track model"


def observed() -> Iterator[Json]:
    """Lines of items whose metadata are public, wholly or in part."""
    rows = json.loads((FOLDER / "observed.json").read_text(encoding="utf-8"))
    for rank, row in enumerate(row for row in rows if "properties" in row):
        name, properties = row["id"], row["properties"]
        parts = parse_granule_id(name)
        assert parts.orbit
        changes = {key: row[key] for key in ("assets",) if key in row}
        if "geometry" in row:
            changes |= {"geometry": row["geometry"], "bbox": row["bbox"]}
            origin = COMPLETE
        elif "bbox" in row:
            ring, bbox = footprint(parts.orbit, parts.frame, swath=True)
            changes |= {"geometry": moved(ring, bbox, row["bbox"]), "bbox": row["bbox"]}
            origin = NOTEBOOK
        else:
            # The page lists these five in an order that is not that of their times: by publication.
            day = datetime(2025, 9, 15, 8, rank, tzinfo=UTC)
            properties = {"published": stamp(day), **properties}
            own = f"{row['own']} is not public and is ours" if "own" in row else ""
            origin = "; ".join([PAGE, *([own] if own else []), "rest: track model"])
        yield line(name, OPEN, row["style"], origin, properties=properties, **changes)


def named() -> Iterator[Json]:
    """Lines of items of which no more than the id is public."""
    rows = json.loads((FOLDER / "observed.json").read_text(encoding="utf-8"))
    for row in rows:
        if "properties" not in row:
            yield line(row["id"], row["collection"], row["style"], NAME)
