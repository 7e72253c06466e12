"""Write the item recordings: ``python -m maap_replay.recordings.build``.

Nothing here asks a network. Items that public pages show are taken from ``observed.json`` with the
values those pages print; all other items are written from documented facts and the ground-track
model, and every line says in `origin` which of the two it is. The result depends on nothing else,
so a second run changes no byte.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maap_replay.recordings import FOLDER
from maap_replay.recordings.build import plan
from maap_replay.recordings.build.lines import (
    MODEL,
    is_near_real_time,
    line,
    made,
    orbit_file,
    processed,
    product_id,
)
from maap_replay.recordings.build.observed import named, observed
from maap_replay.recordings.build.plan import CHECKED, JAXA, OPEN, PRODUCTS, Product
from maap_replay.recordings.patch import Json


def modelled(taken: set[str]) -> Iterator[Json]:
    """MSI_COP_2A items written from the track model, except for the frames in `taken`."""
    frames = [f"{orbit:05d}{letter}" for orbit in plan.DESCENDING for letter in "DEF"]
    frames += [f"{orbit:05d}A" for orbit in plan.ASCENDING]
    frames += [f"{orbit:05d}{letter}" for orbit in plan.WHOLE_ORBITS for letter in plan.LETTERS]
    for frame in sorted(set(frames) - taken):
        orbit, letter = int(frame[:5]), frame[5]
        when = processed(orbit, letter, "MSI_COP_2A")
        name = product_id(orbit, letter, "MSI_COP_2A", when)
        changes: Json = {}
        if frame == plan.NO_PICTURE:
            changes = {"assets": {"thumbnail": None, "quicklook": None}}
        elif frame == plan.THUMBNAIL_ONLY:
            changes = {"assets": {"quicklook": None}}
        yield line(name, OPEN, "2025-11" if orbit > 7000 else "2025-12", MODEL, **changes)
        if frame == plan.TWICE:
            again = product_id(orbit, letter, "MSI_COP_2A", when + timedelta(days=9, seconds=431))
            yield line(again, OPEN, "2025-12", MODEL)


def showcase() -> Iterator[Json]:
    """Products of other types for a few frames, ESA's and JAXA's."""
    for file_type, frames in plan.OTHERS.items():
        for frame in frames:
            orbit, letter = int(frame[:5]), frame[5]
            when = processed(orbit, letter, file_type)
            if frame == "01380E":  # the one id of this type that a public page shows
                when = datetime(2025, 7, 21, 10, 57, 28, tzinfo=UTC)
            changes: Json = {}
            if file_type in plan.NO_PROCESSOR:
                changes = {"properties": {"processing:software": None}}
            name = product_id(orbit, letter, file_type, when)
            yield line(name, OPEN, "2025-12", MODEL, **changes)
    for frame in ("04537E", "05976E", "07929E"):
        yield of_product(Product(JAXA, "CPR_CLP_2A", "BB", int(frame[:5]), "E"), "2025-12")
    times = {"published": "2025-12-15T03:00:00.000Z", "updated": "2025-12-15T04:00:00Z"}
    yield line(plan.ALONE, JAXA, "2025-12", MODEL, properties=times)
    name = "ECA_JXBB_AC__CLP_2B_20250617T010157Z_20250930T051848Z_05976E"
    origin = MODEL + "; keys swapped as the original page notes"
    end = {"end_datetime": "2025-06-17T01:13:34.000Z"}
    yield line(name, OPEN, "2025-12", origin, properties=end)


def of_product(product: Product, style: str = "") -> Json:
    """Line of a product of the plan, in the style of its time unless one is given."""
    collection, file_type, baseline, orbit, frame = product
    when = made(orbit, frame, file_type, baseline)
    name = product_id(orbit, frame, file_type, when, baseline)
    if not style:
        old = is_near_real_time(file_type, baseline)
        style = "2025-08" if old else "2025-11" if orbit > 7000 else "2025-12"
    changes: Json = {}
    if file_type == "AUX_MET_1D" and baseline != "AA":  # observed: not found by its orbit
        changes = {"properties": {"sat:absolute_orbit": None}}
    return line(name, collection, style, MODEL, **changes)


def second_forecasts() -> Iterator[Json]:
    """X-MET of the lesson's orbit from another forecast; on average a frame has three or four."""
    for frame in plan.LETTERS:
        when = made(plan.LESSON_ORBIT, frame, "AUX_MET_1D", "AA") + timedelta(hours=-12)
        name = product_id(plan.LESSON_ORBIT, frame, "AUX_MET_1D", when, "AA")
        yield line(name, "EarthCAREXMETL1DProducts10_MAAP", "2025-08", MODEL)


def orbit_files() -> Iterator[Json]:
    """Predicted and restituted orbits of a week, attitude of an orbit, and the orbit scenario."""
    for day in range(7):
        start = datetime(2025, 3, 13, tzinfo=UTC) + timedelta(days=day)
        for collection in ("EarthCAREOrbitData_MAAP", "EarthCAREAuxiliary_MAAP"):
            yield orbit_file("AUX_ORBPRE", start, start + timedelta(days=10), 1, collection)
        yield orbit_file(
            "AUX_ORBRES", start, start + timedelta(days=1), 1, "EarthCAREAuxiliary_MAAP"
        )
    # the one whose id is public
    start = datetime(2025, 1, 20, tzinfo=UTC)
    yield orbit_file("AUX_ORBPRE", start, start + timedelta(days=10), 1, "EarthCAREOrbitData_MAAP")
    start = datetime(2024, 5, 28, 21, 49, 17, tzinfo=UTC)
    for number in (1, 22):
        yield orbit_file(
            "MPL_ORBSCT", start, start.replace(year=2028), number, "EarthCAREOrbitData_MAAP"
        )


def build() -> list[Json]:
    """All item lines, in the order of their files; of two with the same address the first."""
    lines = list(observed())
    lines += modelled({row["id"][-6:] for row in lines})
    lines += [
        of_product(Product(OPEN, "MSI_COP_2A", "AB", int(frame[:5]), "E"))
        for frame in plan.OLDER_BASELINE
    ]
    lines += showcase()
    copies = [row for row in lines if row["id"][-6:] in ("04537E", "04599E")]
    copies = [row for row in copies if "MSI_COP_2A" in row["id"]]
    lines += [{**row, "collection": name} for row in copies for name in (CHECKED, PRODUCTS)]
    lines += [
        of_product(Product(CHECKED, "MSI_COP_2A", "AB", int(frame[:5]), "E"))
        for frame in ("04568E", "04879E")
    ]
    lines += named()
    for products in (
        plan.of_orbit(plan.LESSON_ORBIT),
        plan.of_orbit(plan.NEW_ORBIT, plan.NEW_RESTRICTED),
        plan.series(),
        plan.calibrations(),
        plan.older(),
    ):
        lines += map(of_product, products)
    lines += second_forecasts()
    lines += orbit_files()
    unique = {(row["collection"], row["id"]): row for row in reversed(lines)}
    return sorted(
        unique.values(),
        key=lambda row: (row["collection"], row["id"][9:19], row["id"][20:], row["id"]),
    )


def write(folder: Path = FOLDER / "items") -> int:
    """Write one JSON Lines file for each collection and type; return the number of items."""
    files: dict[Path, list[str]] = defaultdict(list)
    lines = build()
    for row in lines:
        path = folder / row["collection"] / f"{row['id'][9:19]}.jsonl"
        files[path].append(json.dumps(row, separators=(",", ":")))
    for path, rows in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(lines)
