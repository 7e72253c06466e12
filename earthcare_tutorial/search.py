"""Find granules in the ESA MAAP catalogue."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from earthcare_tutorial._catalogue import (
    PAGE,
    ask,
    can_sort,
    count,
    items_of,
    one_sentence_errors,
    pages,
)
from earthcare_tutorial._explain import explain
from earthcare_tutorial._notes import _say
from earthcare_tutorial._query import make_query
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pystac

    from earthcare_tutorial._query import Query


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
        Empty, with a warning, when nothing matches. It says how many do without each condition,
        and names the nearest: baselines, frames, orbits, granules in time, distance in km.

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
    query = make_query(
        file_type=file_type,
        bbox=bbox,
        start_time=start_time,
        end_time=end_time,
        orbit_and_frame=orbit_and_frame,
        frame_id=frame_id,
        orbit_number=orbit_number,
        baseline=baseline,
        collection=collection,
    )
    with one_sentence_errors():
        items = _find(query, max_items)
        if not items and count(query):  # now and then it answers with nothing for a moment
            items = _find(query, max_items)
        if not items:
            warnings.warn(explain(query), stacklevel=2)
    if baseline == "latest":
        items = _keep_latest(items)
    return items[:max_items]


def _find(query: Query, max_items: int | None) -> list[pystac.Item]:
    """Ask for each box, and return the granules in order of time, each once."""
    # In order of time the first pages are enough, but not every version of the server sorts.
    first = max_items if can_sort() else None
    limit = PAGE if first is None else min(PAGE, 2 * first + 2)
    found: dict[str, pystac.Item] = {}
    for asked in ask(query, None if first is None else "datetime", limit):
        frames: set[tuple[str, str]] = set()
        for page in pages(asked, say_many=max_items is None):
            for item in items_of(page):
                if query.fits(item):
                    found[item.id] = item
                    frames.add(_frame(item))
            if first is not None and len(frames) > first:
                break  # a frame more than asked for: those before it are complete
    return sorted(found.values(), key=lambda item: (identify(item).start_time, item.id))


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
