"""Find granules in the ESA MAAP catalogue."""

from __future__ import annotations

import functools
import json
import re
import warnings
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from earthcare_tutorial._http import TIMEOUT, fetch, patience
from earthcare_tutorial._notes import _say
from earthcare_tutorial.products import PRODUCTS, as_utc, identify
from earthcare_tutorial.products import file_type as product_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pystac
    import pystac_client

# Without the slash at its end the load balancer answers 503.
CATALOGUE_URL = "https://catalog.maap.eo.esa.int/catalogue/"

# The catalogue renamed its queryables in February 2026: (name since then, name before).
QUERYABLES = {
    "file_type": ("product:type", "productType"),
    "orbit_number": ("sat:absolute_orbit", "orbitNumber"),
    "frame_id": ("frame", "frame"),
    "baseline": ("version", "productVersion"),
}

_PAGE = 200  # granules per answer
_MANY = 2000  # granules from which on reading takes minutes


def search(
    file_type: str | None = None,
    *,
    bbox: Sequence[float] | None = None,
    start_time: str | datetime | None = None,
    end_time: str | datetime | None = None,
    orbit_and_frame: str | None = None,
    frame_id: str | None = None,
    orbit_number: int | str | None = None,
    baseline: str = "latest",
    collection: str | None = None,
    max_items: int | None = None,
) -> list[pystac.Item]:
    """Find granules, each once, in order of time.

    Parameters
    ----------
    file_type : str, optional
        Product, such as "MSI_COP_2A" or "M-COP".
    bbox : sequence of float, optional
        (west, south, east, north) in degrees, as in STAC; west > east crosses the antimeridian.
    start_time, end_time : str or datetime, optional
        Granules that overlap this interval; UTC unless a time zone is given. A date without a
        clock time as ``end_time`` includes that day.
    orbit_and_frame : str, optional
        Such as "04537E" or "4537E".
    frame_id : str, optional
        One of the eight frames of an orbit, "A" to "H".
    orbit_number : int or str, optional
        Such as 4537 or "04537".
    baseline : str, optional
        "latest" keeps the highest processing baseline of each orbit and frame, and of that the
        last processing; "all" keeps everything; "BA" asks for this baseline.
    collection : str, optional
        Collection to search instead of the open one that holds the product, with or without
        "_MAAP" at its end.
    max_items : int, optional
        At most this many granules, the earliest first.

    Returns
    -------
    list of pystac.Item
        Empty, with a warning that says which condition is to blame, when nothing matches.

    Raises
    ------
    ValueError
        When the question makes no sense, in one sentence.
    ConnectionError
        When the catalogue does not answer, in one sentence.

    Examples
    --------
    >>> search("M-COP", bbox=(0, 10, -20, -10))
    Traceback (most recent call last):
    ...
    ValueError: bbox is (west, south, east, north), but its south 10 lies north of its north -10.
    """
    code = product_code(file_type) if file_type else None
    collections = _collections(code, collection)
    orbit, frame = _orbit_and_frame(orbit_and_frame, orbit_number, frame_id)
    query = _Query(
        collections,
        {"file_type": code, "orbit_number": orbit, "frame_id": frame, "baseline": None},
        _boxes(bbox),
        _interval(start_time, end_time),
    )
    if baseline not in ("latest", "all"):
        query.terms["baseline"] = baseline.upper()
    with _one_sentence_errors():
        items = _find(query, max_items) or _find_again(query, max_items)
    if baseline == "latest":
        items = _keep_latest(items)
    return items[:max_items]


class _Query(NamedTuple):
    """One question to the catalogue; ``time`` and ``boxes`` are as pystac-client takes them."""

    collections: list[str]
    terms: dict[str, Any]
    boxes: list[tuple[float, ...] | None]
    time: str | None

    def conditions(self) -> dict[str, _Query]:
        """Name each condition, and give the question without it."""
        given = {name for name, value in self.terms.items() if value is not None}
        groups = {name: [name] for name in ("orbit_number", "frame_id", "baseline")}
        if {"orbit_number", "frame_id"} <= given:
            groups = {"orbit_and_frame": ["orbit_number", "frame_id"], "baseline": ["baseline"]}
        without = {
            name: self._replace(terms=self.terms | dict.fromkeys(group))
            for name, group in groups.items()
            if given.issuperset(group)
        }
        if self.boxes != [None]:
            without["bbox"] = self._replace(boxes=[None])
        if self.time:
            without["time"] = self._replace(time=None)
        return without


def _find(query: _Query, max_items: int | None) -> list[pystac.Item]:
    """Ask for each box, and return the granules in order of time, each once."""
    import pystac

    catalogue = _catalogue(CATALOGUE_URL)
    # In order of time the first pages are enough, but not every version of the server sorts.
    first = max_items if catalogue.conforms_to("SORT") else None
    found: dict[str, pystac.Item] = {}
    for asked in _requests(catalogue, query, first):
        frames: set[tuple[str, str]] = set()
        for page in _pages(asked, say_many=max_items is None):
            for feature in page["features"]:
                item = pystac.Item.from_dict(feature, root=catalogue, preserve_dict=False)
                if _fits(item, query.terms):
                    found[item.id] = item
                    frames.add(_frame(item))
            if first is not None and len(frames) > first:
                break  # a frame more than asked for: those before it are complete
    return sorted(found.values(), key=lambda item: (identify(item).start_time, item.id))


def _requests(
    catalogue: pystac_client.Client, query: _Query, first: int | None = None
) -> Iterator[pystac_client.ItemSearch]:
    """Yield one request per box: GET with the filter as text, which every server version takes."""
    for box in query.boxes:
        yield catalogue.search(
            method="GET",
            collections=query.collections,
            filter=_filter_text(query) or None,
            filter_lang="cql2-text",
            bbox=box,
            datetime=query.time,
            limit=_PAGE if first is None else min(_PAGE, 2 * first + 2),
            sortby=None if first is None else "datetime",
        )


def _pages(asked: pystac_client.ItemSearch, *, say_many: bool) -> Iterator[dict[str, Any]]:
    """Yield the pages of an answer, and warn when fewer granules came than were counted."""
    matched = 0
    seen: set[str] = set()
    for page in asked.pages_as_dicts():
        if not seen:
            matched = page.get("numberMatched", 0)
            if say_many and matched > _MANY:
                _say(f"{matched} granules match; max_items or a shorter time is quicker.")
        seen.update(feature["id"] for feature in page["features"])
        yield page
    if len(seen) < matched:
        warnings.warn(
            f"The catalogue counted {matched} granules but sent {len(seen)}: search again later.",
            stacklevel=4,
        )


def _filter_text(query: _Query) -> str:
    """Write the terms in CQL2 with the names that the collections know today."""
    offered = [_queryables(CATALOGUE_URL, name) for name in query.collections]
    parts = []
    for term, value in query.terms.items():
        if value is None:
            continue
        new, old = QUERYABLES[term]
        name = new if all(new in names for names in offered) else old
        if all(not names or new in names or old in names for names in offered):
            # The catalogue lists versions in lower case.
            text = value.lower() if term == "baseline" else value
            parts.append(f"{name} = {text}" if isinstance(text, int) else f"{name} = '{text}'")
        elif query.time is None:
            raise ValueError(
                f"{', '.join(query.collections)} cannot be searched by {term}:"
                " give start_time and end_time too."
            )
    return " and ".join(parts)


@functools.lru_cache(maxsize=4)
def _catalogue(url: str) -> pystac_client.Client:
    """Open the catalogue, once per process."""
    from pystac_client import Client
    from pystac_client.stac_api_io import StacApiIO

    return Client.open(url, stac_io=StacApiIO(timeout=TIMEOUT, max_retries=patience()))


@functools.lru_cache(maxsize=64)
def _queryables(url: str, collection: str) -> dict[str, Any]:
    """Ask once per process what a collection can be searched by; empty when it does not say."""
    answer, body = fetch(f"{url}collections/{collection}/queryables")
    if answer.status_code in (400, 404, 405, 501):
        if fetch(f"{url}collections/{collection}")[0].status_code == 404:
            raise ValueError(f"The catalogue has no collection {collection}.")
        return {}
    if not answer.ok:
        raise ConnectionError(f"The catalogue answers {answer.status_code}: try again later.")
    properties: dict[str, Any] = json.loads(body).get("properties", {})
    return properties


def _fits(item: pystac.Item, terms: dict[str, Any]) -> bool:
    """Check what the catalogue may not have checked: it cannot search each collection by frame."""
    told = identify(item)
    orbit, frame = told.orbit_and_frame[:5], told.orbit_and_frame[5:]
    return (
        (terms["file_type"] is None or told.file_type == terms["file_type"])
        and (terms["orbit_number"] is None or not orbit or int(orbit) == terms["orbit_number"])
        and (terms["frame_id"] is None or not frame or frame == terms["frame_id"])
        and (terms["baseline"] is None or told.baseline == terms["baseline"])
    )


def _keep_latest(items: list[pystac.Item]) -> list[pystac.Item]:
    """Keep the newest of the granules that show the same frame, and say what is left out."""
    newest: dict[tuple[str, str], pystac.Item] = {}
    for item in items:
        other = newest.setdefault(_frame(item), item)
        if _age(item) > _age(other):
            newest[_frame(item)] = item
    kept = {item.id for item in newest.values()}
    left = [identify(item) for item in items if item.id not in kept]
    if left:
        names = [f"{told.orbit_and_frame} {told.baseline}" for told in left[:3]]
        more = ", ..." if len(left) > 3 else ""
        granules = "granule" if len(left) == 1 else "granules"
        _say(
            f"{len(left)} superseded {granules} left out ({', '.join(names)}{more});"
            " baseline='all' keeps them."
        )
    return [item for item in items if item.id in kept]


def _frame(item: pystac.Item) -> tuple[str, str]:
    told = identify(item)
    return told.file_type, told.orbit_and_frame or item.id


def _age(item: pystac.Item) -> tuple[str, datetime, str]:
    told = identify(item)
    return told.baseline, told.created, item.id


def _find_again(query: _Query, max_items: int | None) -> list[pystac.Item]:
    """When nothing came: ask whether that is true, and else say which condition is to blame."""
    if _count(query):  # now and then the catalogue answers with nothing for a moment
        items = _find(query, max_items)
        if items:
            return items
    code = query.terms["file_type"] or "EarthCARE"
    where = ", ".join(query.collections)
    counts = {name: _count(other) for name, other in query.conditions().items()}
    told = ", ".join(
        f"{count} {'does' if count == 1 else 'do'} without {name}" for name, count in counts.items()
    )
    if not any(_lists(name, query.terms["file_type"]) for name in query.collections):
        told = "this collection does not list the product"
    elif len(counts) > 1 and not any(counts.values()):
        told += ", so more than one condition is to blame"
    warnings.warn(
        f"No {code} granule matches in {where}{': ' + told if told else ''}.", stacklevel=3
    )
    return []


def _count(query: _Query) -> int:
    return sum(asked.matched() or 0 for asked in _requests(_catalogue(CATALOGUE_URL), query))


def _lists(collection: str, code: str | None) -> bool:
    """Tell whether a collection lists the product among its values; yes when it has no list."""
    names = _queryables(CATALOGUE_URL, collection)
    values = [names.get(name, {}).get("enum", []) for name in QUERYABLES["file_type"]]
    return code is None or not any(values) or any(code in codes for codes in values)


def _collections(code: str | None, collection: str | None) -> list[str]:
    if collection:
        return [f"{collection.removesuffix('_MAAP')}_MAAP"]
    if code is None:
        raise ValueError("Give a file_type, such as 'MSI_COP_2A', or a collection to search.")
    return list(PRODUCTS[code].collections)


def _orbit_and_frame(
    both: str | None, orbit: int | str | None, frame: str | None
) -> tuple[int | None, str | None]:
    if both is not None:
        if orbit is not None or frame is not None:
            raise ValueError("Give orbit_and_frame, or orbit_number and frame_id, but not both.")
        found = re.fullmatch(r"(\d{1,5})([A-H])", both.strip().upper())
        if not found:
            raise ValueError(
                f"orbit_and_frame is a number and a letter A to H, as '04537E': not {both!r}."
            )
        return int(found[1]), found[2]
    if orbit is not None and not str(orbit).strip().isdecimal():
        raise ValueError(f"orbit_number is a number such as 4537: not {orbit!r}.")
    if frame is not None and not re.fullmatch("[A-Ha-h]", frame.strip()):
        raise ValueError(f"frame_id is one letter A to H: not {frame!r}.")
    return (
        None if orbit is None else int(orbit),
        None if frame is None else frame.strip().upper(),
    )


def _boxes(bbox: Sequence[float] | None) -> list[tuple[float, ...] | None]:
    """Check a box, and cut it in two at the antimeridian."""
    if bbox is None:
        return [None]
    order = "bbox is (west, south, east, north)"
    if len(bbox) != 4:
        raise ValueError(f"{order}: four numbers in degrees, not {len(bbox)}.")
    west, south, east, north = (float(edge) for edge in bbox)
    if max(abs(south), abs(north)) > 90:
        hint = (
            "; this looks like (south, west, north, east)"
            if max(abs(west), abs(east)) <= 90
            else ""
        )
        raise ValueError(f"{order}, but {south:g} and {north:g} are no two latitudes{hint}.")
    if max(abs(west), abs(east)) > 180:
        raise ValueError(f"{order} with longitudes from -180 to 180: not {west:g} and {east:g}.")
    if south > north:
        raise ValueError(f"{order}, but its south {south:g} lies north of its north {north:g}.")
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _interval(start: str | datetime | None, end: str | datetime | None) -> str | None:
    """Write the interval as STAC does; a bare date as its end means the end of that day."""
    if start is None and end is None:
        return None
    first, last = (None if time is None else as_utc(time) for time in (start, end))
    if last and re.fullmatch(r"\d{4}-?\d\d-?\d\d", str(end).strip()):
        last += timedelta(days=1, seconds=-1)
    if first and last and first > last:
        raise ValueError(f"start_time {first:%Y-%m-%d %H:%M:%S} is after end_time.")
    return "/".join(f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else ".." for time in (first, last))


@contextmanager
def _one_sentence_errors() -> Iterator[None]:
    """Turn what pystac-client raises into one sentence of the right kind."""
    from pystac_client.exceptions import APIError

    host = CATALOGUE_URL.split("/")[2]
    try:
        yield
    except APIError as error:
        status = getattr(error, "status_code", None)
        if status is not None and 400 <= status < 500 and status not in (408, 429):
            said = " ".join(str(error).split())[:200]
            raise ValueError(f"The catalogue refuses the question ({status}): {said}") from error
        what = f"answers {status}" if status else "does not answer"
        raise ConnectionError(f"{host} {what}: check the network or try again later.") from error
    except json.JSONDecodeError as error:
        raise ConnectionError(
            f"{host} answers with a web page instead of data: try again later."
        ) from error
