"""Speak with the ESA MAAP catalogue: queryables, questions in CQL2, counts and pages."""

from __future__ import annotations

import difflib
import functools
import operator
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, NamedTuple

from earthcare_products.products import PRODUCTS
from earthcare_tutorial import _http
from earthcare_tutorial._notes import _say, warn
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pystac
    import pystac_client
    import requests

Box = tuple[float, ...]

# Without the slash at its end the load balancer answers 503.
CATALOGUE_URL = "https://catalog.maap.eo.esa.int/catalogue/"

PAGE = 200  # granules per answer
MANY = 1000  # from here on a reader waits long enough to be told
MOST = 5000  # granules that are read without being asked for by max_items: some two minutes
LONGEST = 6000  # characters of a question; longer addresses are refused by servers

# The catalogue renamed its queryables in February 2026: (name since then, name before).
QUERYABLES = {
    "file_type": ("product:type", "productType"),
    "orbit_number": ("sat:absolute_orbit", "orbitNumber"),
    "frame_id": ("frame", "frame"),
    "baseline": ("version", "productVersion"),
}
_COMPARE = {"=": operator.eq, "<": operator.lt, ">": operator.gt}


class Query(NamedTuple):
    """One question to the catalogue; ``time`` and ``boxes`` are as pystac-client takes them.

    ``terms`` holds the values that are wanted, by the names of :data:`QUERYABLES`, and pairs of
    orbit and frame as "orbit_and_frame". One of the values of each has to match.
    """

    collections: list[str]
    terms: dict[str, list[Any]]
    boxes: list[Box | None]
    time: str | None
    ids: list[str]
    orbit_is: str = "="  # or "<" or ">": how orbits compare with those in ``terms``

    def without(self, *names: str, **terms: list[Any]) -> Query:
        """Give the question without some of its terms, and with others."""
        kept = {name: values for name, values in self.terms.items() if name not in names}
        return self._replace(terms=kept | terms)

    def conditions(self) -> dict[str, Query]:
        """Name each condition, and give the question without it."""
        without = {name: self.without(name) for name in self.terms if name != "file_type"}
        if self.boxes != [None]:
            without["bbox"] = self._replace(boxes=[None])
        if self.time:
            without["time"] = self._replace(time=None)
        return without

    def fits(self, item: pystac.Item) -> bool:
        """Check what the catalogue may not have: it cannot search each collection by frame."""
        told = identify(item)

        def has(term: str, value: Any) -> bool:
            if term == "orbit_and_frame":
                return has("orbit_number", value[0]) and has("frame_id", value[1])
            if term == "orbit_number":
                return not told.orbit or bool(_COMPARE[self.orbit_is](told.orbit, value))
            if term == "frame_id":
                return not told.frame or told.frame == value
            return bool(getattr(told, term) == value)

        return (not self.ids or item.id in self.ids) and all(
            any(has(term, value) for value in values) for term, values in self.terms.items()
        )

    def filter_text(self) -> str | None:
        """Write the terms in CQL2 with the names that the collections know today."""
        names = known_as(self.collections)

        def compare(term: str, value: Any) -> str:
            if term == "orbit_and_frame":
                both = (compare("orbit_number", value[0]), compare("frame_id", value[1]))
                return " and ".join(filter(None, both))
            if term == "orbit_number":
                how = f"{self.orbit_is} {value}"
            else:  # the catalogue lists versions in lower case
                how = f"= '{value.lower() if term == 'baseline' else value}'"
            return f"{names[term]} {how}" if term in names else ""  # else `fits` sees to it

        parts = []
        for term, values in self.terms.items():
            either = list(filter(None, dict.fromkeys(compare(term, value) for value in values)))
            parts += either if len(either) < 2 else [f"(({') or ('.join(either)}))"]
        return " and ".join(parts) or None

    def unsearchable(self) -> list[str]:
        """Name the terms that the collections cannot be searched by."""
        both = ["orbit_number", "frame_id"] if "orbit_and_frame" in self.terms else []
        names = known_as(self.collections)
        return [term for term in QUERYABLES if term in [*self.terms, *both] and term not in names]


def known_as(collections: list[str]) -> dict[str, str]:
    """Name the terms by the queryables that all the collections have, the newer ones first."""
    offered = [names for names in map(queryables, collections) if names]
    return {
        term: name
        for term, names in QUERYABLES.items()
        for name in reversed(names)
        if all(name in known for known in offered)
    }


def open_catalogue() -> pystac_client.Client:
    """Return the catalogue, opened once per process."""
    return _opened()[0]


@functools.cache
def _opened() -> tuple[pystac_client.Client, pystac_client.stac_api_io.StacApiIO]:
    from pystac_client import Client
    from pystac_client.stac_api_io import StacApiIO

    told = StacApiIO()
    told.request = functools.partial(_read, _http.session())  # type: ignore[method-assign]
    return Client.open(CATALOGUE_URL, stac_io=told), told


def _read(using: requests.Session, href: str, **told: Any) -> str:
    """Read an answer, which is JSON, in place of pystac-client; or say what was seen."""
    host, is_page, how = _http.host_of(href), False, {"params": told.get("parameters")}
    try:
        answer, body = _http.fetch(href, using, good=lambda _, body: _http.as_json(body), **how)
    except _http.CutError:
        pass
    else:
        status, is_page = answer.status_code, body.lstrip().startswith(b"<")
        if 400 <= status < 500 and status not in _http.BUSY:
            why = _http.as_json(body).get("description") or body.decode(errors="replace")
            said = "with a web page." if is_page else " ".join(str(why).split())[:200]
            raise ValueError(f"The catalogue refuses the question ({status}): {said}")
        if not answer.ok:
            raise ConnectionError(f"{host} answers {status}: it is busy, try again later.")
        if _http.as_json(body):
            return body.decode()
    seen = "a web page instead of data" if is_page else "half an answer"
    raise ConnectionError(f"{host} sends {seen}, {_http.TRIES['odd']} times: try again later.")


def can_sort() -> bool:
    """Tell whether the catalogue sorts; not every version does."""
    return open_catalogue().conforms_to("SORT")


@functools.cache
def queryables(collection: str) -> dict[str, Any]:
    """Tell what a collection can be searched by; empty when it does not say."""
    read, address = _opened()[1].read_json, f"{CATALOGUE_URL}collections/{collection}"
    try:
        properties: dict[str, Any] = read(f"{address}/queryables").get("properties", {})
    except ValueError as error:  # not every collection says what it can be searched by
        try:
            read(address)
        except ValueError:
            known = {name for product in PRODUCTS.values() for name in product.collections}
            near = difflib.get_close_matches(collection, known, n=1)
            hint = f" The nearest is {near[0]}." if near else ""
            raise ValueError(
                f"The catalogue has no collection {short(collection)}.{hint}"
            ) from error
        return {}
    return properties


def lists(collection: str, codes: list[str]) -> bool:
    """Tell whether a collection lists one of the products; yes when it has no list."""
    names = queryables(collection)
    values = [names.get(name, {}).get("enum", []) for name in QUERYABLES["file_type"]]
    return not codes or not any(values) or any(set(codes) & set(listed) for listed in values)


def ask(
    query: Query, order: str | None = None, limit: int = PAGE
) -> Iterator[pystac_client.ItemSearch]:
    """Yield one request per box: GET with the filter as text, which every server version takes.

    ``order`` is "datetime" or "-datetime", for a catalogue that sorts.
    """
    if (unknown := query.unsearchable()) and query.time is None:
        queryables.cache_clear()  # for who tries again: it may have been the whim of a gateway
        raise ValueError(
            f"{', '.join(query.collections)} cannot be searched by {' and '.join(unknown)}:"
            " give start_time and end_time too."
        )
    text = query.filter_text()
    if len(text or "") + sum(map(len, query.ids)) > LONGEST:
        raise ValueError("So many values make a question too long to send: ask for fewer at once.")
    for box in query.boxes:
        yield open_catalogue().search(
            method="GET",
            ids=query.ids or None,
            collections=query.collections,
            filter=text,
            filter_lang="cql2-text",
            bbox=box,
            datetime=query.time,
            limit=limit,
            sortby=order if can_sort() else None,
        )


def matched(query: Query) -> int:
    """Ask how many granules match; those in two boxes count twice."""
    return sum(asked.matched() or 0 for asked in ask(query))


def pages(asked: pystac_client.ItemSearch, most: int | None) -> Iterator[list[pystac.Item]]:
    """Yield the granules of each page; warn when fewer came than were counted.

    ValueError when more than ``most`` match: before the second page, which is when waiting begins.
    """
    matched = came = 0
    for page in asked.pages_as_dicts():
        if not came:
            matched = page.get("numberMatched", 0)
            if most is not None and matched > most:
                raise ValueError(
                    f"{matched:,} granules match, in {-(-matched // PAGE):,} pages of some seconds"
                    f" each; without max_items, search reads up to {most:,}. Give a shorter time,"
                    " an orbit_number or a bbox, or say max_items; count() only counts."
                )
            if most is not None and matched > MANY:
                _say(f"{matched:,} granules match; a shorter time or max_items is quicker.")
        came += len(page["features"])
        yield list(items_of(page))
    if came < matched:
        warn(f"The catalogue counted {matched} granules but sent {came}: search again later.")


def items_of(page: dict[str, Any]) -> Iterator[pystac.Item]:
    """Yield the granules of a page: an odd one costs what is odd about it, and not the page."""
    import pystac

    for feature in page["features"]:
        try:
            links = [link for link in feature.get("links") or [] if link.get("href")]
            files = {k: a for k, a in (feature.get("assets") or {}).items() if a.get("href")}
            whole = feature | {"links": links, "assets": files}
            yield pystac.Item.from_dict(whole, root=open_catalogue(), preserve_dict=False)
        except (AttributeError, KeyError, TypeError, ValueError, pystac.STACError) as error:
            name = feature.get("id", "without an id")
            warn(f"Granule {name} left out, its catalogue entry cannot be read ({error!r}).")
