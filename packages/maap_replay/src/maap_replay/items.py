"""Items as the catalogue sends them, for tests that need a catalogue of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from earthcare_products.granule_ids import parse_granule_id
from maap_replay.recordings.patch import Json
from maap_replay.recordings.template import template

#: Where an item lies when nothing is said: over the Gulf of Guinea (west, south, east, north).
BBOX = (4.0, -22.0, 14.0, 22.0)


def make_item(
    product_id: str,
    *,
    collection: str = "EarthCAREL2Validated_MAAP",
    bbox: tuple[float, float, float, float] = BBOX,
    style: str = "2025-12",
    assets: dict[str, Any] | None = None,
    **properties: Any,
) -> Json:
    """Make the item of a granule: all that follows from its id, over a box.

    Parameters
    ----------
    product_id : str
        For example ``ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E``.
    collection : str
        Id of a recorded collection.
    bbox : tuple of float
        West, south, east, north in degrees; west may lie east of east, across 180 degrees.
    style : {"2025-08", "2025-11", "2025-12"}
        Era of the asset keys.
    assets : dict, optional
        Its assets, in place of those that follow from the id.
    **properties
        Properties that differ; those that are None are left out.

    Returns
    -------
    dict
        A complete STAC item.
    """
    start = parse_granule_id(product_id).start_time
    end = f"{start + timedelta(minutes=11.5):%Y-%m-%dT%H:%M:%S}.000Z"
    item = template(product_id, collection, style, end)
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    item["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    item["bbox"] = [*bbox]
    told = item["properties"] | {"end_datetime": end, "updated": end} | properties
    item["properties"] = {name: value for name, value in told.items() if value is not None}
    if assets is not None:
        item["assets"] = assets
    return item
