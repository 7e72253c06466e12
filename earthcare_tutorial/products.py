"""Which product, orbit and frame a granule is, from its name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from earthcare_products.granule_ids import GranuleId, parse_granule_id

if TYPE_CHECKING:
    import pystac

#: The time of an item that does not tell one.
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def identify(item: pystac.Item | str) -> GranuleId:
    """Read type, baseline, times, orbit and frame out of a granule's name.

    The catalogue has no property for the frame, but the name has it. Of an item with another name,
    nothing is known.

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
        return GranuleId("", "", UNKNOWN, UNKNOWN, "")


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


def listed(items: Any) -> list[Any]:
    """Return granules as a list, and so what is given in the place of one."""
    alone = isinstance(items, str) or hasattr(items, "assets") or hasattr(items, "data_vars")
    return [items] if alone or not isinstance(items, Iterable) else list(items)
