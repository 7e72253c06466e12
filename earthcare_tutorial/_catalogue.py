"""Speak with the ESA MAAP catalogue: open it, ask, count, and follow the pages of an answer."""

from __future__ import annotations

import difflib
import functools
import json
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from earthcare_tutorial._http import TIMEOUT, fetch, session
from earthcare_tutorial._notes import _say
from earthcare_tutorial._query import QUERYABLES
from earthcare_tutorial.products import PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pystac
    import pystac_client

    from earthcare_tutorial._query import Query

# Without the slash at its end the load balancer answers 503.
CATALOGUE_URL = "https://catalog.maap.eo.esa.int/catalogue/"

PAGE = 200  # granules per answer
MANY = 2000  # granules from which on reading takes minutes


def catalogue() -> pystac_client.Client:
    """Return the catalogue, opened once per process."""
    return _opened(CATALOGUE_URL)


@functools.lru_cache(maxsize=4)
def _opened(url: str) -> pystac_client.Client:
    from pystac_client import Client
    from pystac_client.stac_api_io import StacApiIO

    stac_io = StacApiIO(timeout=TIMEOUT)
    stac_io.session = session()  # its own would read ~/.netrc
    return Client.open(url, stac_io=stac_io)


def can_sort() -> bool:
    """Tell whether the catalogue sorts; not every version does."""
    return catalogue().conforms_to("SORT")


def ask(
    query: Query, order: str | None = None, limit: int = PAGE
) -> Iterator[pystac_client.ItemSearch]:
    """Yield one request per box: GET with the filter as text, which every server version takes.

    ``order`` is "datetime" or "-datetime", for a catalogue that sorts.
    """
    unknown = unsearchable(query)
    if unknown and query.time is None:
        raise ValueError(
            f"{', '.join(query.collections)} cannot be searched by {' and '.join(unknown)}:"
            " give start_time and end_time too."
        )
    offered = [queryables(name) for name in query.collections]
    for box in query.boxes:
        yield catalogue().search(
            method="GET",
            collections=query.collections,
            filter=query.filter_text(offered),
            filter_lang="cql2-text",
            bbox=box,
            datetime=query.time,
            limit=limit,
            sortby=order if can_sort() else None,
        )


def unsearchable(query: Query) -> list[str]:
    """Name the terms that the collections cannot be searched by."""
    offered = [queryables(name) for name in query.collections]
    given = [term for term, value in query.terms.items() if value is not None]
    return [term for term in given if not query.searchable(term, offered)]


def count(query: Query) -> int:
    """Ask how many granules match; those in two boxes count twice."""
    return sum(asked.matched() or 0 for asked in ask(query))


def items_of(page: dict[str, Any]) -> Iterator[pystac.Item]:
    """Yield the granules of a page."""
    import pystac

    for feature in page["features"]:
        yield pystac.Item.from_dict(feature, root=catalogue(), preserve_dict=False)


def pages(asked: pystac_client.ItemSearch, *, say_many: bool) -> Iterator[dict[str, Any]]:
    """Yield the pages of an answer, and warn when fewer granules came than were counted."""
    matched = 0
    seen: set[str] = set()
    for page in asked.pages_as_dicts():
        if not seen:
            matched = page.get("numberMatched", 0)
            if say_many and matched > MANY:
                _say(f"{matched} granules match; max_items or a shorter time is quicker.")
        seen.update(feature["id"] for feature in page["features"])
        yield page
    if len(seen) < matched:
        warnings.warn(
            f"The catalogue counted {matched} granules but sent {len(seen)}: search again later.",
            stacklevel=4,
        )


def queryables(collection: str) -> dict[str, Any]:
    """Tell what a collection can be searched by; empty when it does not say."""
    return _queryables(CATALOGUE_URL, collection)


@functools.lru_cache(maxsize=64)
def _queryables(url: str, collection: str) -> dict[str, Any]:
    answer, body = fetch(f"{url}collections/{collection}/queryables")
    if answer.status_code in (400, 404, 405, 501):
        if fetch(f"{url}collections/{collection}")[0].status_code == 404:
            known = {name for product in PRODUCTS.values() for name in product.collections}
            near = difflib.get_close_matches(collection, known, n=1)
            hint = f" The nearest is {near[0]}." if near else ""
            raise ValueError(f"The catalogue has no collection {collection}.{hint}")
        return {}
    if not answer.ok:
        raise ConnectionError(f"The catalogue answers {answer.status_code}: try again later.")
    properties: dict[str, Any] = json.loads(body).get("properties", {})
    return properties


def lists(collection: str, code: str | None) -> bool:
    """Tell whether a collection lists the product among its values; yes when it has no list."""
    names = queryables(collection)
    values = [names.get(name, {}).get("enum", []) for name in QUERYABLES["file_type"]]
    return code is None or not any(values) or any(code in codes for codes in values)


@contextmanager
def one_sentence_errors() -> Iterator[None]:
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
