"""Which product, orbit and frame a granule is, from its name or its properties."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from earthcare_products.granule_ids import GranuleId, parse_granule_id

if TYPE_CHECKING:
    import pystac


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
    >>> import earthcare_tutorial as ect
    >>> name = ect.identify("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E")
    >>> name.file_type, name.baseline, name.orbit_and_frame
    ('MSI_COP_2A', 'BA', '04537E')
    """
    name = item if isinstance(item, str) else item.id
    try:
        return parse_granule_id(str(name).partition(".")[0])
    except ValueError:
        if isinstance(item, str):
            raise
        return _identify_by_properties(item.properties)


def as_utc(when: str | datetime) -> datetime:
    """Read a time; one without a time zone is UTC.

    >>> as_utc("2025-03-16T13:30:58")
    datetime.datetime(2025, 3, 16, 13, 30, 58, tzinfo=datetime.timezone.utc)
    """
    try:  # the text of a time of NumPy, pandas or datetime is one that datetime reads
        time = when if type(when) is datetime else datetime.fromisoformat(str(when).strip())
    except ValueError:
        raise ValueError(f"{short(when)} is no time such as '2025-03-16T13:30:58'.") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


#: The time of an item that does not tell one.
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def _identify_by_properties(told: dict[str, Any]) -> GranuleId:
    """Do the same for an item with a name of its own, from its properties, as far as they go."""

    def time(*names: str) -> datetime:
        for when in filter(None, map(told.get, names)):
            with contextlib.suppress(ValueError):
                return as_utc(when)
        return UNKNOWN

    grid = re.fullmatch(r"WRS-(\d+)-([A-H])", str(told.get("grid:code")))
    return GranuleId(
        str(told.get("product:type") or ""),
        str(told.get("version") or "").upper(),
        time("start_datetime", "datetime"),
        time("processing:datetime", "created"),
        f"{int(grid[1]):05d}{grid[2]}" if grid else "",
    )
