"""The items that public pages show, wholly or in part, from ``recordings/observed.json``.

Each takes the place of the item that the rule would make of its frame; what no page shows of it
follows from the rule.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import numpy as np

from earthcare_products.granule_ids import parse_granule_id
from maap_replay.archive import dates, footprints, frames, items
from maap_replay.recordings.patch import Json, merge

_OPEN = "EarthCAREL2Validated_MAAP"


@cache
def observed() -> tuple[Json, ...]:
    """Complete items."""
    return tuple(_item(rank, row) for rank, row in enumerate(rows()))


@cache
def rows() -> list[Json]:
    """What public pages show, an item each."""
    text = files("maap_replay.recordings").joinpath("observed.json").read_text("utf-8")
    shown: list[Json] = json.loads(text)
    return shown


@cache
def origins() -> dict[str, str]:
    """Where each of them is from, by id."""
    return {row["id"]: _origin(row) for row in rows()}


def _origin(row: Json) -> str:
    if "geometry" in row:
        return "observed: complete item in public notebook output, Aug-Sep 2025"
    if "bbox" in row:
        return "observed: public notebook output, Oct 2025; ring: track moved to the observed bbox"
    if "properties" in row:
        own = f"; {row['own']} is not public and is ours" if "own" in row else ""
        return (
            f"observed: id, asset keys, `updated` on the original page, Oct 2025{own}; rest: rule"
        )
    return "observed: id in public notebooks, code or pages; rest: rule"


def _item(rank: int, row: Json) -> Json:
    name, frame = parse_granule_id(row["id"]), frames.number(row["id"][-6:])
    seconds = dates.published(np.int64(frame), np.int64(name.created.timestamp()))
    published = int(dates.with_milliseconds(np.int64(frame), seconds))
    (drawn,) = footprints.drawn(frame, items.shape_of(name.file_type))
    item = items.item_of_frame(
        row.get("collection", _OPEN), row["id"], frame, published, drawn, row["style"]
    )
    parts = ("properties", "assets", "geometry", "bbox")
    told: Json = {key: row[key] for key in parts if key in row}
    if "properties" in row and "published" not in row["properties"]:
        # The original page lists its five items in an order that is not that of their times.
        day = datetime(2025, 9, 15, 8, rank, tzinfo=UTC)
        told["properties"] = {"published": items.stamp(day.timestamp()), **row["properties"]}
    if "bbox" in row and "geometry" not in row:
        told["geometry"] = _moved(item["geometry"], item["bbox"], row["bbox"])
    if end := told.get("properties", {}).get("end_datetime"):
        told["assets"] = merge(told.get("assets", {}), {"product": {"published": end}})
    merged: Json = merge(item, told)
    return merged


def _moved(geometry: Json, bbox: list[float], target: list[float]) -> Json:
    """Ring of the track stretched from its bbox onto the observed one."""
    old, new = np.array(bbox).reshape(2, 2), np.array(target).reshape(2, 2)
    points = np.array(geometry["coordinates"][0])
    points = (points - old[0]) / (old[1] - old[0]) * (new[1] - new[0]) + new[0]
    return geometry | {"coordinates": [[[round(float(v), 6) for v in p] for p in points]]}
