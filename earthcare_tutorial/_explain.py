"""When a search finds nothing: say which condition is to blame, and what the nearest answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_tutorial._catalogue import ask, can_sort, count, items_of, lists, unsearchable
from earthcare_tutorial._footprint import distance_km
from earthcare_tutorial.products import PRODUCTS, identify

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pystac

    from earthcare_tutorial._query import Query

_SAMPLE = 200  # granules to look at for a hint, in one request


def explain(query: Query) -> str:
    """Tell, for a question without answer, how many granules match without each condition.

    Parameters
    ----------
    query : Query
        The question that nothing matches.

    Returns
    -------
    str
        One sentence, such as "No MSI_COP_2A granule matches in EarthCAREL2Validated_MAAP: 3 do
        without baseline (in BA)."
    """
    code = query.terms["file_type"]
    nothing = f"No {code or 'EarthCARE'} granule matches in {', '.join(query.collections)}"
    if code and not any(lists(name, code) for name in query.collections):
        these = "these collections do" if len(query.collections) > 1 else "this collection does"
        return f"{nothing}: {these} not list the product{_elsewhere(query)}."
    counts, told = [], []
    for name, other in query.conditions().items():
        if other.time is None and unsearchable(other):
            continue  # these collections need a period
        counts.append(count(other))
        hint = _hint(name, query, other, counts[-1]) if counts[-1] else ""
        verb = "does" if counts[-1] == 1 else "do"
        told.append(f"{counts[-1]} {verb} without {name}" + (f" ({hint})" if hint else ""))
    if len(counts) > 1 and not any(counts):
        told[-1] += f", so more than one condition is to blame{_holdings(query)}"
    return f"{nothing}{': ' if told else ''}{', '.join(told)}."


def _hint(name: str, query: Query, other: Query, number: int) -> str:
    """Name the nearest granules, or the values, that match without one condition."""
    if name == "bbox":
        return _nearest_miss(query, other) if number <= _SAMPLE else ""
    if name == "time":
        return _nearest_in_time(query)
    if name == "orbit_and_frame":
        frames = _values(_look(query.without("frame_id")), "frame_id")
        if frames:
            return f"orbit {query.terms['orbit_number']} has {frames}"
    if name in ("orbit_number", "orbit_and_frame"):
        return _nearest_orbits(query, other)
    values = _values(_look(other), name)
    newest = f"the newest {_SAMPLE} " if number > _SAMPLE else ""
    return f"{newest}in {values}" if values else ""


def _elsewhere(query: Query) -> str:
    """Name the open collections that do list the product."""
    code = query.terms["file_type"]
    others = [name for name in PRODUCTS[code].collections if name not in query.collections]
    found = [name for name in others if lists(name, code)]
    return f"; {_join(found)} {'does' if len(found) == 1 else 'do'}" if found else ""


def _holdings(query: Query) -> str:
    """Say from when to when there are granules of the product at all."""
    everything = query.without("orbit_number", "frame_id", "baseline")
    everything = everything._replace(boxes=[None], time=None)
    told = f"; there are {count(everything)} granules in all"
    if not can_sort():
        return told
    ends = [_look(everything, order, 1) for order in ("datetime", "-datetime")]
    days = [f"{identify(item).start_time:%Y-%m-%d}" for found in ends for item in found]
    return told + (f", from {days[0]} to {days[-1]}" if days else "")


def _nearest_in_time(query: Query) -> str:
    """Name the granules next to the period."""
    start, _, end = (query.time or "../..").partition("/")
    before = None if start == ".." else query._replace(time=f"../{start}")
    after = None if end == ".." else query._replace(time=f"{end}/..")
    return _neighbours(before, after)


def _nearest_orbits(query: Query, other: Query) -> str:
    """Name the granules of the orbits next to the one asked for."""
    if not any("sat:absolute_orbit" in item.properties for item in _look(other, limit=20)):
        return "these have no orbit number: search them by time"
    return _neighbours(query._replace(orbit_is="<"), query._replace(orbit_is=">"))


def _neighbours(before: Query | None, after: Query | None) -> str:
    """Name the last granule of one question, and the first of the other."""
    if not can_sort():
        return ""
    sides = [(before, "-datetime", "before"), (after, "datetime", "after")]
    found = [(_look(query, order, 20)[:1], side) for query, order, side in sides if query]
    told = [f"{_name(item)} {side}" for items, side in found for item in items]
    return f"the nearest: {_join(told)}" if told else ""


def _nearest_miss(query: Query, other: Query) -> str:
    """Name the granule that passes nearest to the box, and how far from it."""
    boxes = [box for box in query.boxes if box is not None]
    far = [
        (min(distance_km(item.geometry, box) for box in boxes), item)
        for item in _look(other)
        if item.geometry
    ]
    if not far:
        return "these have no footprint, so no bbox finds them"
    distance, nearest = min(far, key=lambda pair: pair[0])
    return f"the nearest: {_name(nearest)}, about {round(distance, -1):.0f} km away"


def _look(query: Query, order: str = "-datetime", limit: int = _SAMPLE) -> list[pystac.Item]:
    """Fetch one page of what matches, in order, the newest first if not told otherwise."""
    found = {
        item.id: item
        for asked in ask(query, order, limit)
        for item in items_of(next(asked.pages_as_dicts(), {"features": []}))
        if query.fits(item)
    }
    newest_first = order.startswith("-")
    return sorted(found.values(), key=lambda item: identify(item).start_time, reverse=newest_first)


def _values(items: Iterable[pystac.Item], term: str) -> str:
    """List the frames, or the baselines, of some granules."""
    granules = [identify(item) for item in items]
    if term == "baseline":
        return _join(sorted({told.baseline for told in granules}))
    letters = sorted({told.orbit_and_frame[5:] for told in granules} - {""})
    return f"frame{'s' * (len(letters) > 1)} {_join(letters)}" if letters else ""


def _name(item: pystac.Item) -> str:
    told = identify(item)
    return f"{told.orbit_and_frame or item.id} of {told.start_time:%Y-%m-%d %H:%M}"


def _join(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
