"""When a search finds nothing: say which condition is to blame, and what the nearest answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_products.products import PRODUCTS
from earthcare_tutorial._footprint import distance_km
from earthcare_tutorial.catalogue import PAGE, Query, ask, can_sort, items_of, lists, matched
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pystac


def explain(query: Query) -> str:
    """Tell, for a question without answer, how many granules match without each condition."""
    codes = query.terms.get("file_type", [])
    kind = _join(codes, "or") or "EarthCARE"
    nothing = f"No {kind} granule matches in {', '.join(query.collections)}"
    if not any(lists(name, codes) for name in query.collections):
        these = "these collections do" if len(query.collections) > 1 else "this collection does"
        open_ones = {name for code in codes for name in PRODUCTS[code].collections}
        others = sorted(name for name in open_ones if lists(name, codes))
        where = f"; {_join(others)} do{'es' * (len(others) == 1)}" if others else ""
        return f"{nothing}: {these} not list the product{where}."
    counts, told = [], []
    for name, other in query.conditions().items():
        if other.time is None and other.unsearchable():
            continue  # these collections need a period
        counts.append(matched(other))
        hint = counts[-1] and _hint(name, query, other, counts[-1])
        told.append(f"{counts[-1]:,} do{'es' * (counts[-1] == 1)} without {name}")
        told[-1] += f" ({hint})" if hint else ""
    if len(counts) > 1 and not any(counts):
        told[-1] += f", so more than one condition is to blame{_holdings(query)}"
    return f"{nothing}{': ' if told else ''}{', '.join(told)}."


def _hint(name: str, query: Query, other: Query, number: int) -> str:
    """Name the nearest granules, or the values, that match without one condition."""
    if name == "bbox":
        return _nearest_miss(query, other) if number <= PAGE else ""
    if name == "time":
        start, _, end = (query.time or "../..").partition("/")
        before = None if start == ".." else query._replace(time=f"../{start}")
        after = None if end == ".." else query._replace(time=f"{end}/..")
        return _neighbours(before, after)
    if len(query.terms[name]) > 1:
        return ""
    if name == "orbit_and_frame":
        orbit, frame = query.terms[name][0]
        query = query.without(name, orbit_number=[orbit])
        if frames := _values(_look(query), "frame_id"):
            return f"orbit {orbit} has {frames}"
        query = query.without(frame_id=[frame])
    if name in ("orbit_number", "orbit_and_frame"):
        if not any("sat:absolute_orbit" in item.properties for item in _look(other, limit=20)):
            return "these have no orbit number: search them by time"
        return _neighbours(query._replace(orbit_is="<"), query._replace(orbit_is=">"))
    values = _values(_look(other), name)
    return f"{f'the newest {PAGE} ' * (number > PAGE)}in {values}" if values else ""


def _holdings(query: Query) -> str:
    """Say from when to when there are granules of the product at all."""
    everything = query.without(*(term for term in query.terms if term != "file_type"))
    everything = everything._replace(boxes=[None], time=None)
    told = f"; there are {matched(everything):,} granules in all"
    if not can_sort():
        return told
    ends = [_look(everything, order, 1) for order in ("datetime", "-datetime")]
    days = [f"{identify(item).start_time:%Y-%m-%d}" for found in ends for item in found]
    return told + (f", from {days[0]} to {days[-1]}" if days else "")


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
    every = [(distance_km(item.geometry, box), item) for item in _look(other) for box in boxes]
    far = [(distance, item) for distance, item in every if distance is not None]
    if not far:
        return "these have no footprint, so no bbox finds them"
    tens = [(round(distance, -1), item.id, item) for distance, item in far]  # then the earliest
    distance, _, nearest = min(tens, key=lambda found: found[:2])
    return f"the nearest: {_name(nearest)}, about {distance:.0f} km away"


def _look(query: Query, order: str = "-datetime", limit: int = PAGE) -> list[pystac.Item]:
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


def _join(names: list[str], word: str = "and") -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
