"""Which product, orbit and frame a granule is; the products themselves are facts of their own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from earthcare_products.granule_ids import GranuleId, file_type, parse_granule_id
from earthcare_products.products import PRODUCTS

if TYPE_CHECKING:
    import pystac

__all__ = ["PRODUCTS", "as_utc", "file_type", "identify"]


def identify(item: pystac.Item | str) -> GranuleId:
    """Read type, baseline, times, orbit and frame out of a granule's name.

    The name is asked first because the catalogue has no property for the frame.

    Parameters
    ----------
    item : pystac.Item or str
        An item, its id, or the name of one of its files.

    Returns
    -------
    GranuleId
        Named tuple (file_type, baseline, start_time, created, orbit_and_frame, ...).

    Raises
    ------
    ValueError
        When a text is not the name of a granule.

    Examples
    --------
    >>> identify("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E").orbit_and_frame
    '04537E'
    """
    name = item if isinstance(item, str) else item.id
    try:
        return parse_granule_id(name.partition(".")[0])
    except ValueError:
        if isinstance(item, str):
            raise
        return _identify_by_properties(item.properties)


def as_utc(when: str | datetime) -> datetime:
    """Read a time; one without a time zone is UTC.

    Examples
    --------
    >>> as_utc("2025-03-16T13:30:58")
    datetime.datetime(2025, 3, 16, 13, 30, 58, tzinfo=datetime.timezone.utc)
    """
    try:
        time = when if isinstance(when, datetime) else datetime.fromisoformat(str(when).strip())
    except ValueError:
        raise ValueError(f"{when!r} is no time such as '2025-03-16T13:30:58'.") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _identify_by_properties(told: dict[str, Any]) -> GranuleId:
    """Do the same for an item with a name of its own, from its properties."""
    epoch = "1970-01-01T00:00:00Z"
    start = told.get("start_datetime") or told.get("datetime") or epoch
    created = told.get("processing:datetime") or told.get("created") or epoch
    grid = re.fullmatch(r"WRS-(\d+)-([A-H])", told.get("grid:code", ""))
    return GranuleId(
        told.get("product:type", ""),
        told.get("version", "").upper(),
        as_utc(start),
        as_utc(created),
        f"{int(grid[1]):05d}{grid[2]}" if grid else "",
    )
