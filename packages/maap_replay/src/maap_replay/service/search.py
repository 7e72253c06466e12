"""Item search as pure functions: from parameters to the items of one page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from maap_replay.archive import filters, footprints, geometry
from maap_replay.archive.contents import Contents
from maap_replay.archive.observed import observed
from maap_replay.archive.pages import Found, Order
from maap_replay.archive.parts import Wanted
from maap_replay.archive.times import Interval, interval
from maap_replay.recordings import Recordings
from maap_replay.recordings.patch import Json
from maap_replay.service import fields
from maap_replay.service.errors import RefusalError

DEFAULT_LIMIT, MAX_LIMIT = 10, 2000
#: A longer address than this would be refused by HTTP servers, ours included.
LONGEST_QUERY = 6000


@dataclass(frozen=True)
class Query:
    """What was asked for, checked: which items, in which order, and which page of them."""

    wanted: Wanted
    order: Order = ()
    limit: int = DEFAULT_LIMIT
    start: int = 1
    given: Mapping[str, Any] = default(default_factory=dict)


def read(parameters: Mapping[str, Any], recordings: Recordings, *, strict: bool = False) -> Query:
    """Query from the parameters of a request, texts of an address or values of a JSON body.

    Raises
    ------
    RefusalError
        When a parameter cannot be understood; parameters of unknown name are ignored, as ESA MAAP
        does. A strict service refuses filters on names that not all collections searched offer.
    """
    collections = tuple(map(recordings.known_as, _names(parameters, "collections")))
    fields.read(parameters.get("fields"))  # refused here if it cannot be read
    queryables = _queryables(collections, recordings)
    known = queryables if strict else None
    tests = []
    if expression := parameters.get("filter"):
        language = parameters.get("filter-lang") or parameters.get("filter_lang") or "cql2-text"
        tests.append(filters.parse(expression, language, known))
    plain = {name for known in recordings.queryables.values() for name in known}
    tests += [
        filters.equal_to(name, str(parameters[name]), known)
        for name in sorted(plain & parameters.keys())
    ]
    wanted = Wanted(
        collections=collections,
        ids=_names(parameters, "ids"),
        area=_area(parameters),
        period=_period(parameters.get("datetime")),
        tests=tuple(tests),
    )
    return Query(
        wanted,
        order=_order(parameters.get("sortby"), queryables),
        limit=min(_count(parameters, "limit", DEFAULT_LIMIT), MAX_LIMIT),
        start=_count(parameters, "startRecord", 1),
        given=parameters,
    )


@lru_cache(maxsize=8)
def contents(recordings: Recordings) -> Contents:
    """Content of a catalogue, prepared once."""
    kept = [*observed(), *recordings.items] if recordings.by_rule else recordings.items
    unique = {(item["collection"], item["id"]): item for item in kept}
    covered = [read(search, recordings).wanted for search in recordings.covered]
    return Contents(
        unique.values(), recordings.queryables, by_rule=recordings.by_rule, covered=covered
    )


def run(query: Query, recordings: Recordings) -> tuple[list[Json], int]:
    """Items of the page asked for, and the number of all items that match."""
    found = Found(contents(recordings), query.wanted)
    return found.page(query.start - 1, query.limit, query.order), len(found)


def find(recordings: Recordings, **parameters: Any) -> list[Json]:
    """All items that a search matches, in its order; bound it by orbit, ids or period."""
    query = read(parameters, recordings)
    found = Found(contents(recordings), query.wanted)
    return found.page(0, len(found), query.order)


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


def _area(parameters: Mapping[str, Any]) -> footprints.Area | None:
    box, drawn = parameters.get("bbox"), parameters.get("intersects")
    if box and drawn:
        raise RefusalError("bbox and intersects cannot be used together.")
    if not (box or drawn):
        return None
    return _area_of(json.dumps(box), json.dumps(drawn))


@lru_cache(maxsize=16)  # the pages of a search have one area
def _area_of(box_text: str, drawn_text: str) -> footprints.Area:
    box, drawn = json.loads(box_text), json.loads(drawn_text)
    if drawn:
        try:
            shape = geometry.shape(json.loads(drawn) if isinstance(drawn, str) else drawn)
            return footprints.Area(shape)
        except (ValueError, KeyError) as error:
            reason = "it is not JSON." if isinstance(error, json.JSONDecodeError) else str(error)
            raise RefusalError(f"intersects cannot be read: {reason}") from None
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
    return footprints.Area(geometry.box(west, south, east, north))


def _period(text: Any) -> Interval | None:
    if not text:
        return None
    try:
        return interval(str(text))
    except ValueError as error:
        raise RefusalError(str(error)) from None


def _order(value: Any, queryables: frozenset[str]) -> tuple[tuple[str, int], ...]:
    if not value:
        return ()  # that of the catalogue
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
