"""Find granules in the ESA MAAP catalogue, or count them."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from earthcare_products.granule_ids import orbit_and_frame as read_orbit_and_frame
from earthcare_products.products import PRODUCTS
from earthcare_products.products import file_type as read_file_type
from earthcare_tutorial._notes import _say, warn
from earthcare_tutorial.catalogue import (
    MOST,
    PAGE,
    Box,
    Query,
    ask,
    can_sort,
    matched,
    pages,
    queryables,
)
from earthcare_tutorial.explaining import explain
from earthcare_tutorial.products import as_utc, identify

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import pystac


#: What each condition looks like, and how to say so. What has this form can do no harm in a filter.
FORMS = {
    "orbit_and_frame": (r"\d{1,5}[A-H]", "a number and a letter A to H, as '04537E'"),
    "orbit_number": (r"\d{1,5}(\.0)?", "a whole number such as 4537"),
    "frame_id": ("[A-H]", "one letter A to H"),
    "baseline": ("[A-Z]{2}", "'latest', 'all' or two letters such as 'BA'"),
    "collection": (r"[\w.:-]+", "a name such as 'EarthCAREL2Validated_MAAP'"),
    "max_items": (r"0*[1-9]\d*(\.0)?", "a whole number, 1 or more"),
}


def search(
    file_type: str | Iterable[str] | None = None,
    *,
    ids: str | Iterable[str] | None = None,
    bbox: Sequence[float] | None = None,
    start_time: str | datetime | None = None,
    end_time: str | datetime | None = None,
    orbit_and_frame: str | Iterable[str] | None = None,
    frame_id: str | Iterable[str] | None = None,
    orbit_number: int | str | Iterable[int] | None = None,
    baseline: str | Iterable[str] = "latest",
    collection: str | Iterable[str] | None = None,
    max_items: int | None = None,
) -> list[pystac.Item]:
    """Find granules, each once, in order of time.

    All conditions have to hold. Where a list is given, one of its values has to match.

    Parameters
    ----------
    file_type : str or list of str, optional
        Product, such as "MSI_COP_2A" or "M-COP".
    ids : str or list of str, optional
        Granules by their ids, superseded ones too.
    bbox : sequence of float, optional
        (west, south, east, north) in degrees, as in STAC; west > east crosses the antimeridian.
    start_time, end_time : str or datetime, optional
        Granules that overlap this interval; UTC unless a time zone is given. A date without a
        clock time as ``end_time`` includes that day.
    orbit_and_frame : str or list of str, optional
        Such as "04537E" or "4537E".
    frame_id : str or list of str, optional
        Of the eight frames of an orbit, "A" to "H".
    orbit_number : int, str or list, optional
        Such as 4537 or "04537".
    baseline : str or list of str, optional
        "latest" keeps the highest processing baseline of each orbit and frame, and of that the
        last processing; "all" keeps everything; "BA" asks for this baseline.
    collection : str or list of str, optional
        Collection to search instead of the open one that holds the product, with or without
        "_MAAP" at its end.
    max_items : int, optional
        At most this many granules, the earliest first. Without it, a search that more than 5000
        granules match is refused: reading them takes minutes. :func:`count` only counts.

    Returns
    -------
    list of pystac.Item
        Empty, with a warning, when nothing matches. It says how many do without each condition,
        and names the nearest: baselines, frames, orbits, granules in time, distance in km.

    Raises
    ------
    ValueError
        When the question makes no sense, or too many granules match, in one sentence.
    ConnectionError
        When the catalogue does not answer, in one sentence.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> [item.id for item in ect.search("M-COP", orbit_and_frame="04537E")]
    1 superseded granule left out (04537E AB); baseline='all' keeps them.
    ['ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E']
    """
    query = make_query(**{name: value for name, value in locals().items() if name != "max_items"})
    most = next((int(float(number)) for number in _values("max_items", max_items)), None)
    items = find(query, most)
    missing = set(query.ids) - {item.id for item in items}
    if not items:
        warn(explain(query))
    elif missing:
        warn(f"Not in the catalogue: {', '.join(sorted(missing))}.")
    if _every(baseline) == "latest" and ids is None:
        items = keep_latest(items)
    return items[:most]


def count(file_type: str | Iterable[str] | None = None, **conditions: Any) -> int:
    """Count granules without reading them: one short request.

    Each processing of a frame counts. One that lies in both halves of a box across the
    antimeridian counts twice.

    Parameters
    ----------
    file_type : str or list of str, optional
        Product, such as "MSI_COP_2A" or "M-COP".
    **conditions
        As for :func:`search`, but for ``max_items``; "latest" counts like "all".

    Returns
    -------
    int
        How many match.

    Raises
    ------
    ValueError, ConnectionError
        As :func:`search`.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> ect.count("M-COP") > 90_000
    True
    """
    query = make_query(file_type, **conditions)
    if unknown := query.unsearchable():
        names = ", ".join(query.collections)
        queryables.cache_clear()
        raise ValueError(f"{names} cannot be counted by {' and '.join(unknown)}: search() instead.")
    return matched(query) or matched(query)  # now and then it counts nothing for a moment


def make_query(
    file_type: Any = None,
    *,
    ids: Any = None,
    bbox: Any = None,
    start_time: Any = None,
    end_time: Any = None,
    orbit_and_frame: Any = None,
    frame_id: Any = None,
    orbit_number: Any = None,
    baseline: Any = "latest",
    collection: Any = None,
) -> Query:
    """Check the arguments of :func:`search`, and put them together; without a network."""
    names = [str(name).strip() for name in _listed("ids", ids)]
    own = [identify(name).file_type for name in names]
    codes = [read_file_type(name) for name in _listed("file_type", file_type)]
    codes = codes or list(dict.fromkeys(own))
    if orbit_and_frame is not None and (orbit_number is not None or frame_id is not None):
        raise ValueError("Give orbit_and_frame, or orbit_number and frame_id, but not both.")
    pairs = _values("orbit_and_frame", orbit_and_frame)
    terms: dict[str, list[Any]] = {
        "file_type": codes,
        "orbit_and_frame": [read_orbit_and_frame(pair) for pair in pairs],
        "orbit_number": [int(float(number)) for number in _values("orbit_number", orbit_number)],
        "frame_id": _values("frame_id", frame_id),
        "baseline": _values("baseline", None if _every(baseline) else baseline),
    }
    stems = [name.removesuffix("_MAAP") for name in _values("collection", collection)]
    if not stems and not codes:
        raise ValueError("Give a file_type, such as 'MSI_COP_2A', or a collection to search.")
    open_ones = [name for code in codes for name in PRODUCTS[code].collections]
    return Query(
        collections=list(dict.fromkeys([f"{stem}_MAAP" for stem in stems] or open_ones)),
        terms={name: values for name, values in terms.items() if values},
        boxes=_boxes(bbox),
        time=_interval(start_time, end_time),
        ids=names,
    )


def _every(baseline: Any) -> str:
    """Return "latest" or "all"; empty for baselines in particular."""
    text = baseline.strip().lower() if isinstance(baseline, str) else ""
    return text if text in ("latest", "all") else ""


def _listed(name: str, given: Any) -> list[Any]:
    """Return the values of a condition: itself, or those of a list, array, index or range."""
    if given is None:
        return []
    if isinstance(given, str) or not hasattr(given, "__iter__") or getattr(given, "ndim", 1) == 0:
        return [given]
    if not (values := list(given)):
        raise ValueError(f"{name} is an empty list: give a value, or leave it out.")
    return values


def _values(name: str, given: Any) -> list[str]:
    """Return the values of a condition as text that is known to be of its form."""
    form, wanted = FORMS[name]
    texts = [str(value).strip() for value in _listed(name, given)]
    for text in texts:
        if not re.fullmatch(form, text, re.ASCII | re.IGNORECASE):
            raise ValueError(f"{name} is {wanted}: not {short(text)}.")
    return texts if name == "collection" else [text.upper() for text in texts]


def _boxes(bbox: Any) -> list[Box | None]:
    """Check a box, and cut it in two at the antimeridian."""
    if bbox is None:
        return [None]
    order = "bbox is (west, south, east, north)"
    try:
        edges = [float(edge) for edge in bbox]
    except (TypeError, ValueError):
        edges = []
    if len(edges) != 4 or not all(map(math.isfinite, edges)):
        raise ValueError(f"{order}: four numbers in degrees, not {short(bbox)}.")
    west, south, east, north = edges
    if max(abs(south), abs(north)) > 90:
        swapped = max(abs(west), abs(east)) <= 90
        hint = "; this looks like (south, west, north, east)" if swapped else ""
        raise ValueError(f"{order}, but {south:g} and {north:g} are no two latitudes{hint}.")
    if max(abs(west), abs(east)) > 180:
        raise ValueError(f"{order} with longitudes from -180 to 180: not {west:g} and {east:g}.")
    if south > north:
        raise ValueError(f"{order}, but its south {south:g} lies north of its north {north:g}.")
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _interval(start: Any, end: Any) -> str | None:
    """Write the interval as STAC does; a bare date as its end means the end of that day."""
    if start is None and end is None:
        return None
    first, last = (None if time is None else as_utc(time) for time in (start, end))
    if last and re.fullmatch(r"\d{4}-?\d\d-?\d\d", str(end).strip()):
        last += timedelta(days=1, seconds=-1)
    if first and last and first > last:
        raise ValueError(f"start_time {first:%Y-%m-%d %H:%M:%S} is after end_time.")
    return "/".join(f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else ".." for time in (first, last))


def find(query: Query, max_items: int | None = None) -> list[pystac.Item]:
    """Return the granules in order of time, each once."""
    found = _ask_each(query, max_items)
    again = not found and matched(query)  # now and then it answers with nothing for a moment
    return _ask_each(query, max_items) if again else found


def _ask_each(query: Query, max_items: int | None) -> list[pystac.Item]:
    """Ask for each box; stop when there are enough."""
    # In order of time the first pages are enough, but not every version of the server sorts.
    first = max_items if can_sort() else None
    limit = PAGE if first is None else min(PAGE, 2 * first + 2)
    found: dict[str, pystac.Item] = {}
    for asked in ask(query, None if first is None else "datetime", limit):
        frames: set[tuple[str, str]] = set()
        for page in pages(asked, max(MOST, max_items or 0) if first is None else None):
            for item in page:
                if query.fits(item):
                    found[item.id] = item
                    frames.add(_frame(item))
            if first is not None and len(frames) > first:
                break  # a frame more than asked for: those before it are complete
    return sorted(found.values(), key=lambda item: (identify(item).start_time, item.id))


def keep_latest(items: list[pystac.Item], *, say: bool = True) -> list[pystac.Item]:
    """Keep the newest of the granules that show the same frame, and say what is left out."""
    newest = {_frame(item): item.id for item in sorted(items, key=_age)}
    kept = set(newest.values())
    left = [identify(item) for item in items if item.id not in kept]
    if left and say:
        names = [f"{told.orbit_and_frame} {told.baseline}" for told in left[:3]]
        names += ["..."] * (len(left) > 3)
        _say(
            f"{len(left)} superseded granule{'s' * (len(left) > 1)} left out ({', '.join(names)});"
            " baseline='all' keeps them."
        )
    return [item for item in items if item.id in kept]


def _frame(item: pystac.Item) -> tuple[str, str]:
    told = identify(item)
    return told.file_type, told.orbit_and_frame or item.id


def _age(item: pystac.Item) -> tuple[str, datetime, str]:
    told = identify(item)
    return told.baseline, told.created, item.id
