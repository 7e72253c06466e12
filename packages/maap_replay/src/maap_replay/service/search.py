"""Item search as pure functions: from parameters to the items of one page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any
from urllib.parse import urlencode

from maap_replay.recordings import Recordings
from maap_replay.recordings.patch import Json
from maap_replay.service import fields, filters, geometry
from maap_replay.service.errors import RefusalError
from maap_replay.service.index import Entry, index
from maap_replay.service.times import Interval, interval

DEFAULT_LIMIT, MAX_LIMIT = 10, 2000
#: A longer address than this would be refused by HTTP servers, ours included.
LONGEST_QUERY = 6000


@dataclass(frozen=True)
class Query:
    """What was asked for, checked. Empty means anything."""

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    area: geometry.Shape | None = None
    period: Interval | None = None
    tests: tuple[filters.Test, ...] = ()
    order: tuple[tuple[str, int], ...] = ()
    limit: int = DEFAULT_LIMIT
    start: int = 1
    given: Mapping[str, Any] = default(default_factory=dict)


def read(parameters: Mapping[str, Any], recordings: Recordings) -> Query:
    """Query from the parameters of a request, texts of an address or values of a JSON body.

    Raises
    ------
    RefusalError
        When a parameter cannot be understood; parameters of unknown name are ignored, as ESA MAAP
        does.
    """
    collections = tuple(map(recordings.known_as, _names(parameters, "collections")))
    fields.read(parameters.get("fields"))  # refused here if it cannot be read
    queryables = _queryables(collections, recordings)
    tests = []
    if expression := parameters.get("filter"):
        language = parameters.get("filter-lang") or parameters.get("filter_lang") or "cql2-text"
        tests.append(filters.parse(expression, language, queryables))
    plain = {name for known in recordings.queryables.values() for name in known}
    tests += [
        filters.equal_to(name, str(parameters[name]), queryables)
        for name in sorted(plain & parameters.keys())
    ]
    return Query(
        collections=collections,
        ids=_names(parameters, "ids"),
        area=_area(parameters),
        period=_period(parameters.get("datetime")),
        tests=tuple(tests),
        order=_order(parameters.get("sortby"), queryables),
        limit=min(_count(parameters, "limit", DEFAULT_LIMIT), MAX_LIMIT),
        start=_count(parameters, "startRecord", 1),
        given=parameters,
    )


def run(query: Query, recordings: Recordings) -> tuple[list[Entry], int]:
    """Items of the page asked for, and the number of all items that match."""
    found = [
        entry
        for entry in index(recordings)
        if (not query.collections or entry.item["collection"] in query.collections)
        and (not query.ids or entry.item["id"] in query.ids)
        and _overlaps(entry.sensed, query.period)
        and all(test(entry.values) for test in query.tests)
    ]
    if query.area is not None:
        found = [entry for entry in found if geometry.meets(entry.shape, query.area)]
    for name, direction in reversed(query.order):
        # Items without the property come last in both directions.
        have = [entry for entry in found if name in entry.values]
        have.sort(key=_value_of(name), reverse=direction < 0)
        found = have + [entry for entry in found if name not in entry.values]
    first = query.start - 1
    return found[first : first + query.limit], len(found)


def next_link(query: Query, matched: int, address: str, method: str) -> list[Json]:
    """Link to the following page, or none on the last one.

    Its address can be followed with GET even after a POST, which is what some clients do; those
    that read `method`, `body` and `merge` repeat their POST with another `startRecord`.
    """
    start = query.start + query.limit
    if start > matched:
        return []
    text = urlencode(
        {
            name: _text(name, value)
            for name, value in query.given.items()
            if name != "startRecord" and value is not None
        }
        | {"startRecord": start}
    )
    link = {"rel": "next", "href": f"{address}?{text}", "type": "application/geo+json"}
    if method == "GET":
        return [link | {"method": "GET"}]
    if len(text) > LONGEST_QUERY:
        link["href"] = address
    return [link | {"method": "POST", "merge": True, "body": {"startRecord": start}}]


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name == "sortby" and isinstance(value, list):
        return ",".join(
            f"{'-' if key.get('direction') == 'desc' else '+'}{key['field']}"
            if isinstance(key, dict)
            else str(key)
            for key in value
        )
    if name == "fields":
        return fields.write(value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _value_of(name: str) -> Callable[[Entry], Any]:
    return lambda entry: entry.values[name]


def _names(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = parameters.get(name) or ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise RefusalError(f"{name} must be a list of names.")
    return tuple(one.strip() for one in value)


def _queryables(collections: tuple[str, ...], recordings: Recordings) -> frozenset[str]:
    """Names that all named collections know; without a collection, those that any knows."""
    known = [frozenset(recordings.queryables[c]) for c in collections if c in recordings.queryables]
    if known:
        return frozenset.intersection(*known)
    return frozenset(name for names in recordings.queryables.values() for name in names)


def _area(parameters: Mapping[str, Any]) -> geometry.Shape | None:
    box, drawn = parameters.get("bbox"), parameters.get("intersects")
    if box and drawn:
        raise RefusalError("bbox and intersects cannot be used together.")
    if drawn:
        try:
            return geometry.shape(json.loads(drawn) if isinstance(drawn, str) else drawn)
        except (ValueError, KeyError) as error:
            reason = "it is not JSON." if isinstance(error, json.JSONDecodeError) else str(error)
            raise RefusalError(f"intersects cannot be read: {reason}") from None
    if not box:
        return None
    try:
        numbers = [float(v) for v in (box.strip("[]").split(",") if isinstance(box, str) else box)]
    except (TypeError, ValueError):
        raise RefusalError("bbox must be four or six numbers.") from None
    if len(numbers) == 6:  # with heights, which footprints do not have
        numbers = numbers[:2] + numbers[3:5]
    if len(numbers) != 4 or any(number != number for number in numbers):
        raise RefusalError("bbox must be four or six numbers.")
    west, south, east, north = numbers
    if not -90 <= south <= north <= 90:
        raise RefusalError("bbox must be west, south, east, north, with south below north.")
    if not (-360 <= west <= 360 and -360 <= east <= 360):
        raise RefusalError("bbox longitudes must be degrees east.")
    return geometry.box(west, south, east, north)


def _period(text: Any) -> Interval | None:
    if not text:
        return None
    try:
        return interval(str(text))
    except ValueError as error:
        raise RefusalError(str(error)) from None


def _order(value: Any, queryables: frozenset[str]) -> tuple[tuple[str, int], ...]:
    if not value:
        return ()  # that of the index
    keys = value.split(",") if isinstance(value, str) else value
    if not isinstance(keys, list):
        raise RefusalError("sortby must be a list of names.")
    order = []
    for key in keys:
        if isinstance(key, dict):
            name, direction = str(key.get("field", "")), str(key.get("direction", "asc"))
        else:
            # A plus in an address is a space once decoded.
            name, direction = str(key).strip(" +-"), "desc" if str(key).startswith("-") else "asc"
        name = name.removeprefix("properties.")
        if (name not in queryables and name not in filters.PLAIN) or direction not in (
            "asc",
            "desc",
        ):
            raise RefusalError(f"Items cannot be sorted by {name!r}.")
        order.append((filters.property_of(name), 1 if direction == "asc" else -1))
    return (*order, ("id", 1))


def _count(parameters: Mapping[str, Any], name: str, default: int) -> int:
    try:
        value = int(parameters.get(name) or default)
    except (TypeError, ValueError, OverflowError):
        value = 0
    if value < 1 or parameters.get(name) in (0, "0"):
        raise RefusalError(f"{name} must be a whole number above 0.")
    return value


def _overlaps(sensed: Interval, period: Interval | None) -> bool:
    return period is None or (sensed[0] <= period[1] and sensed[1] >= period[0])
