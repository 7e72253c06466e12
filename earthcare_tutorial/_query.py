"""Turn what a reader asks for into one checked question, and that into CQL2; without a network."""

from __future__ import annotations

import operator
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from earthcare_products.granule_ids import orbit_and_frame as read_orbit_and_frame
from earthcare_tutorial.products import PRODUCTS, as_utc, identify
from earthcare_tutorial.products import file_type as product_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pystac

Box = tuple[float, ...]

# The catalogue renamed its queryables in February 2026: (name since then, name before).
QUERYABLES = {
    "file_type": ("product:type", "productType"),
    "orbit_number": ("sat:absolute_orbit", "orbitNumber"),
    "frame_id": ("frame", "frame"),
    "baseline": ("version", "productVersion"),
}

_COMPARE = {"=": operator.eq, "<": operator.lt, ">": operator.gt}


class Query(NamedTuple):
    """One question to the catalogue; ``time`` and ``boxes`` are as pystac-client takes them."""

    collections: list[str]
    terms: dict[str, Any]
    boxes: list[Box | None]
    time: str | None
    orbit_is: str = "="  # or "<" or ">": how orbits compare with the one in ``terms``

    def conditions(self) -> dict[str, Query]:
        """Name each condition, and give the question without it."""
        given = {name for name, value in self.terms.items() if value is not None}
        groups = {name: [name] for name in ("orbit_number", "frame_id", "baseline")}
        if {"orbit_number", "frame_id"} <= given:
            groups = {"orbit_and_frame": ["orbit_number", "frame_id"], "baseline": ["baseline"]}
        without = {
            name: self.without(*group) for name, group in groups.items() if given.issuperset(group)
        }
        if self.boxes != [None]:
            without["bbox"] = self._replace(boxes=[None])
        if self.time:
            without["time"] = self._replace(time=None)
        return without

    def without(self, *terms: str) -> Query:
        """Give the question without some of its terms."""
        return self._replace(terms=self.terms | dict.fromkeys(terms))

    def fits(self, item: pystac.Item) -> bool:
        """Check what the catalogue may not have: it cannot search each collection by frame."""
        told, terms = identify(item), self.terms
        orbit, frame = told.orbit_and_frame[:5], told.orbit_and_frame[5:]
        wanted = terms["orbit_number"]
        return (
            (terms["file_type"] is None or told.file_type == terms["file_type"])
            and (wanted is None or not orbit or _COMPARE[self.orbit_is](int(orbit), wanted))
            and (terms["frame_id"] is None or not frame or frame == terms["frame_id"])
            and (terms["baseline"] is None or told.baseline == terms["baseline"])
        )

    def searchable(self, term: str, offered: Sequence[Mapping[str, Any]]) -> bool:
        """Tell whether all collections can be searched by a term, going by their queryables."""
        return all(not names or set(QUERYABLES[term]) & names.keys() for names in offered)

    def filter_text(self, offered: Sequence[Mapping[str, Any]]) -> str | None:
        """Write the terms in CQL2 with the names that the collections know today."""
        parts = []
        for term, value in self.terms.items():
            if value is None or not self.searchable(term, offered):
                continue
            new, old = QUERYABLES[term]
            name = new if all(new in names for names in offered) else old
            if term == "orbit_number":
                parts.append(f"{name} {self.orbit_is} {value}")
            else:  # the catalogue lists versions in lower case
                parts.append(f"{name} = '{value.lower() if term == 'baseline' else value}'")
        return " and ".join(parts) or None


def make_query(
    *,
    file_type: str | None,
    bbox: Sequence[float] | None,
    start_time: str | datetime | None,
    end_time: str | datetime | None,
    orbit_and_frame: str | None,
    frame_id: str | None,
    orbit_number: int | str | None,
    baseline: str,
    collection: str | None,
) -> Query:
    """Check the arguments of :func:`earthcare_tutorial.search`, and put them together."""
    code = product_code(file_type) if file_type else None
    collections = _collections(code, collection)
    orbit, frame = _orbit_and_frame(orbit_and_frame, orbit_number, frame_id)
    wanted = None if baseline in ("latest", "all") else baseline.upper()
    terms = {"file_type": code, "orbit_number": orbit, "frame_id": frame, "baseline": wanted}
    return Query(collections, terms, _boxes(bbox), _interval(start_time, end_time))


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
        return read_orbit_and_frame(both)
    if orbit is not None and not str(orbit).strip().isdecimal():
        raise ValueError(f"orbit_number is a number such as 4537: not {orbit!r}.")
    if frame is not None and not re.fullmatch("[A-Ha-h]", frame.strip()):
        raise ValueError(f"frame_id is one letter A to H: not {frame!r}.")
    return (
        None if orbit is None else int(orbit),
        None if frame is None else frame.strip().upper(),
    )


def _boxes(bbox: Sequence[float] | None) -> list[Box | None]:
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
