"""Sizes of data files (`file:size`), which every complete item that is public states.

No page prints them beside the items that we recorded in part, but they must be there: earthcarekit
divides by their sum while it downloads a zip, which the service sends without a length.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from maap_replay.recordings.patch import Json

#: Bytes of a header file, from the item that is public in full.
HEADER = 24_881
#: Bytes of an .h5 file: the first from the same item, the next two from public outputs.
KNOWN = {"MSI_COP_2A": 136_301_685, "ATL_EBD_2A": 74_300_000, "ACM_CAP_2B": 50_800_000}
#: Of all other types; ours.
USUAL = 40_000_000


def with_sizes(item: Json) -> Json:
    """Item whose data files all state a size; those that did keep theirs."""
    known = KNOWN.get(item["properties"].get("product:type", ""), USUAL)
    sizes = {".HDR": HEADER}
    for asset in item["assets"].values():
        if asset.get("roles") == ["data"]:
            suffix = PurePosixPath(asset["href"]).suffix
            asset.setdefault("file:size", sizes.get(suffix, known))
    return item
