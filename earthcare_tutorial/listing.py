"""List granules and their files as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_tutorial.assets import pick_assets
from earthcare_tutorial.products import UNKNOWN, identify, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pystac

_COLUMNS = ["start_time", "file_type", "orbit_and_frame", "baseline", "updated", "size_mb"]
_COLUMNS += ["quicklook_url", "h5_url", "hdr_url", "zip_url", "id"]


def asset_table(items: pystac.Item | Iterable[pystac.Item]) -> pd.DataFrame:
    """List granules and their files, one row each, in order of time.

    Parameters
    ----------
    items : pystac.Item or iterable of pystac.Item
        Granules from :func:`search`, any number. What an item does not tell, or tells in an odd
        form, is missing in its row.

    Returns
    -------
    pandas.DataFrame
        Columns start_time (UTC), file_type, orbit_and_frame, baseline, updated (UTC), size_mb (of
        the .h5, in 10⁶ bytes), quicklook_url, h5_url, hdr_url, zip_url and id. The index counts
        the rows from 0, so that a row's label is its position.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> items = ect.search("A-EBD", orbit_number=4537, frame_id=["D", "E"])
    >>> ect.asset_table(items)[["file_type", "orbit_and_frame", "baseline"]]
        file_type orbit_and_frame baseline
    0  ATL_EBD_2A          04537D       BA
    1  ATL_EBD_2A          04537E       BA
    """
    import pandas as pd

    table = pd.DataFrame([_row(item) for item in listed(items)], columns=_COLUMNS)
    for name in ("start_time", "updated"):
        table[name] = pd.to_datetime(table[name], utc=True, format="ISO8601", errors="coerce")
    table["size_mb"] = pd.to_numeric(table["size_mb"], errors="coerce").astype(float) / 1e6
    return table.sort_values(["start_time", "id"], ignore_index=True)


def _row(item: pystac.Item) -> list[object]:
    told, files = identify(item), pick_assets(item)
    sizes = [a.extra_fields.get("file:size") for a in item.assets.values() if a.href == files["h5"]]
    return [
        None if told.start_time == UNKNOWN else told.start_time,
        told.file_type,
        told.orbit_and_frame,
        told.baseline,
        item.properties.get("updated"),
        next(filter(None, sizes[:1]), None),
        files["quicklook"] or files["thumbnail"],
        *(files[kind] for kind in ("h5", "hdr", "zip")),
        item.id,
    ]
