"""The one rule by which a recorded line becomes a complete catalogue item, and back.

An EarthCARE item repeats its own id some forty times, in addresses that all follow from it. A line
keeps only what does *not* follow: ``{"id", "collection", "style", "origin", "patch"}``. `expand`
writes the template for that id, collection and style and applies `patch` to it as a JSON merge
patch (RFC 7396); `compact` is its exact inverse.

`style` names the era of the asset keys, as ESA MAAP changed them:

======== ============================ ==============
style    data files                   picture
======== ============================ ==============
2025-08  enclosure_1, enclosure_2     quicklook
2025-11  enclosure_h5, enclosure_hdr  quicklook_jpeg
2025-12  enclosure_h5, enclosure_hdr  quicklook
======== ============================ ==============

``template.py`` writes the template, with what `earthcare_products.products` knows of a type.
"""

from __future__ import annotations

from typing import cast

from maap_replay.recordings.patch import Json, difference, merge
from maap_replay.recordings.template import STYLES as STYLES
from maap_replay.recordings.template import template


def expand(line: Json) -> Json:
    """Complete STAC item of a recorded line."""
    patch = line["patch"]
    end = patch.get("properties", {}).get("end_datetime", "")
    return cast(Json, merge(template(line["id"], line["collection"], line["style"], end), patch))


def compact(item: Json, style: str, origin: str) -> Json:
    """Shortest line that `expand` turns back into exactly this item.

    Raises
    ------
    ValueError
        When the item cannot be written as a merge patch, because it holds a null.
    """
    end = item["properties"].get("end_datetime", "")
    patch = difference(template(item["id"], item["collection"], style, end), item)
    if end:  # the template repeats it where the zip says when it was published
        patch.setdefault("properties", {})["end_datetime"] = end
    line = {
        "id": item["id"],
        "collection": item["collection"],
        "style": style,
        "origin": origin,
        "patch": patch,
    }
    if expand(line) != item:
        raise ValueError(f"{item['id']} cannot be written as a merge patch of its template.")
    return line
