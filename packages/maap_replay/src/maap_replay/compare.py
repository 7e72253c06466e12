"""Compare ESA MAAP with recordings of it, and say what differs: the alarm for drift.

It compares forms: which collections, queryables and their values, properties and their types,
assets and their media types, links, and fields of a token answer there are. Of the archive it
compares the numbers of items of each collection, type and baseline too, up to the day of the
census. Run under `maap-replay run` it compares a replay.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import numpy as np
import requests

from maap_replay import live
from maap_replay.recordings import FOLDER, Recordings, load
from maap_replay.recordings.patch import Json
from maap_replay.service import explain
from maap_replay.service.landing import CONFORMANCE
from maap_replay.service.search import contents, read, run
from maap_replay.service.tokens import ANSWER_FIELDS

#: Items looked at of each product type: the newest.
SAMPLE = 3
WIDTH = 48
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}


class Difference(NamedTuple):
    """One line of the table."""

    where: str
    what: str
    recorded: str
    service: str


def compare(
    folder: Path | None = None,
    collections: Sequence[str] | None = None,
    token_file: Path | None = None,
) -> int:
    """Print what differs between the service and recordings.

    Parameters
    ----------
    folder : Path, optional
        Recordings; by default those of this package.
    collections : sequence of str, optional
        Compare only these collections.
    token_file : Path, optional
        Credentials, to compare the token service's answer too.

    Returns
    -------
    int
        1 when something differs, 0 when nothing does.

    Raises
    ------
    ConnectionError, PermissionError
        When the service does not answer, or refuses the token.
    """
    recordings, http = load(folder or FOLDER), live.session()
    names = [name for name in recordings.collections if not collections or name in collections]
    found = [*_conformance(http), *_collections(http, names, complete=not collections)]
    missing = {line.where for line in found if line.service == "-"}
    names = [name for name in names if name not in missing]
    found += [line for name in names for line in _queryables(http, recordings, name)]
    found += _items(http, recordings, names)
    found += _numbers(http, recordings, names)
    found += _token(http, token_file)
    sys.stdout.write(table(found))
    return 1 if found else 0


def table(found: Sequence[Difference]) -> str:
    """Differences as text, each kind once with the places that share it."""
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for line in found:
        places[line[1:]].append(line.where)
    rows = [("what", "recorded", "service", "where")]
    for (what, recorded, service), named in sorted(places.items()):
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        rows.append((what, recorded, service, named[0] + more))
    cells = [[shorten(cell, WIDTH, placeholder=" ...") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells] if found else []
    return "".join(f"{line}\n" for line in [*lines, f"{len(rows) - 1} differences"])


def _conformance(http: requests.Session) -> Iterator[Difference]:
    # Only what clients rely on: the service's complete list is not public.
    there = set(live.get(http, f"{live.CATALOGUE}/").get("conformsTo", []))
    for name in sorted(set(CONFORMANCE) - there):
        yield Difference("catalogue", "conformance", name, "-")


def _collections(
    http: requests.Session, names: Iterable[str], *, complete: bool
) -> Iterator[Difference]:
    there: set[str] = set()
    address: str | None = f"{live.CATALOGUE}/collections"
    while address:
        page = live.get(http, address)
        there |= {one["id"] for one in page["collections"]}
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), None)
    for name in sorted(set(names) - there):
        yield Difference(name, "collection", name, "-")
    new = {name for name in there if name.startswith(("EarthCARE", "JAXA"))} - set(names)
    for name in sorted(new if complete else ()):
        if name.endswith("_MAAP"):
            yield Difference(name, "collection", "-", name)


def _queryables(http: requests.Session, recordings: Recordings, name: str) -> Iterator[Difference]:
    there = live.get(http, f"{live.CATALOGUE}/collections/{name}/queryables").get("properties", {})
    kept = recordings.queryables[name]
    for queryable in sorted(kept.keys() | there.keys()):
        here, now = kept.get(queryable), there.get(queryable)
        if here is None or now is None:
            known, seen = (queryable, "-") if now is None else ("-", queryable)
            yield Difference(name, "queryable", known, seen)
            continue
        if here.get("type") != now.get("type"):
            what = f"type of {queryable}"
            yield Difference(name, what, str(here.get("type")), str(now.get("type")))
        old, new = ({str(v) for v in schema.get("enum", [])} for schema in (here, now))
        if old != new:
            gone, more = ", ".join(sorted(old - new)) or "-", ", ".join(sorted(new - old)) or "-"
            yield Difference(name, f"values of {queryable}", gone, more)


def _items(
    http: requests.Session, recordings: Recordings, names: Sequence[str]
) -> Iterator[Difference]:
    kinds: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for item in _own(recordings):
        if item["collection"] in names:
            kinds[item["collection"], str(item["properties"].get("product:type"))].append(item)
    for (collection, file_type), items in sorted(kinds.items()):
        where = f"{collection} {file_type}"
        name = '"product:type"' if "product:type" in recordings.queryables[collection] else None
        newest = live.search(
            http,
            SAMPLE,
            collections=collection,
            filter=f"{name or 'productType'} = '{file_type}'",
            sortby="-datetime",
        )
        sample = list(newest)
        if not sample:
            yield Difference(where, "items", "some", "-")
        for what, recorded, service in sorted(_other_forms(items, sample)):
            yield Difference(where, what, recorded, service)


def _own(recordings: Recordings) -> Iterator[Json]:
    """Items that were kept, and the first and the newest of each line of the census."""
    ours = contents(recordings)
    yield from ours.by_address.values()
    for part in ours.parts:
        newest = range(max(1, len(part) - SAMPLE), len(part))
        yield from part.items(np.array([0, *newest]))


def _numbers(
    http: requests.Session, recordings: Recordings, names: Sequence[str]
) -> Iterator[Difference]:
    # Later ones are no drift: every day brings some.
    until = f"../{explain.last_day()}T23:59:59Z"
    for part in contents(recordings).parts:
        of = part.segment
        if of.collection not in names:
            continue
        new = '"product:type"' in recordings.queryables[of.collection]
        kind, version = ('"product:type"', "version") if new else ("productType", "productVersion")
        search = {
            "collections": of.collection,
            "filter": f"{kind} = '{of.file_type}' and {version} = '{of.baseline.lower()}'",
            "datetime": until,
        }
        there = live.get(http, f"{live.CATALOGUE}/search", **search, limit="1")["numberMatched"]
        here = run(read(search | {"limit": 1}, recordings), recordings)[1]
        if here != there:
            where = f"{of.collection} {of.file_type}"
            yield Difference(where, f"number of {of.baseline}", str(here), str(there))


def _other_forms(items: list[Json], sample: list[Json]) -> set[tuple[str, str, str]]:
    """What a sample has that no recorded item has, and lacks of the recorded item most like it."""
    forms = [form(item) for item in items]
    known: dict[str, set[str]] = defaultdict(set)
    for one in forms:
        for name, kind in one.items():
            known[name].add(kind)
    found = set()
    for one in map(form, sample):
        # Of the one most like it, for keys changed over the years and some items have no picture.
        lacking = min((recorded.keys() - one.keys() for recorded in forms), key=len)
        found |= {(name, " or ".join(sorted(known[name])), "-") for name in lacking}
        for name, kind in one.items():
            if kind not in known[name]:
                found.add((name, " or ".join(sorted(known[name])) or "-", kind))
    return found


def form(item: Json) -> dict[str, str]:
    """Form of an item: types of its properties, media types of its assets and links."""

    def kind(value: Any) -> str:
        return _TYPES.get(type(value), "null" if value is None else "object")

    links: dict[str, set[str]] = defaultdict(set)
    for link in item["links"]:
        links[link["rel"]].add(link.get("type", "no type"))
    return (
        {f"item {name}": kind(value) for name, value in item.items()}
        | {f"property {name}": kind(value) for name, value in item["properties"].items()}
        | {f"asset {key}": asset.get("type", "no type") for key, asset in item["assets"].items()}
        | {f"link {rel}": ", ".join(sorted(types)) for rel, types in links.items()}
    )


def _token(http: requests.Session, token_file: Path | None) -> Iterator[Difference]:
    secrets = live.credentials(token_file)
    if secrets is None:
        sys.stderr.write("maap-replay: the token service is not compared, for lack of a token\n")
        return
    fields = live.Access(secrets, http).exchange().keys()
    for name in sorted(ANSWER_FIELDS - fields):
        yield Difference("token service", "field of a token", name, "-")
    for name in sorted(fields - ANSWER_FIELDS):
        yield Difference("token service", "field of a token", "-", name)
