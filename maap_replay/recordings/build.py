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

import numpy as np

from maap_replay.ground_track import beside, frame_time, node_time, track
from maap_replay.recordings import FOLDER
from maap_replay.recordings.expand import compact, expand, parse_id
from maap_replay.recordings.patch import Json

MODEL = "written from documented facts: track model, 2026-11"
NOTEBOOK = (
    "observed: public notebook output, Oct 2025; ring: track model moved to the observed bbox"
)
COMPLETE = "observed: complete item in public notebook output, Aug-Sep 2025"
PAGE = "observed: id, asset keys and `updated` on the original tutorial page, Oct 2025"

OPEN, CHECKED, JAXA = (
    "EarthCAREL2Validated_MAAP",
    "EarthCAREL2InstChecked_MAAP",
    "JAXAL2Validated_MAAP",
)
#: Orbits that pass over 0-10 E, 20-10 S between 1 March and 10 April 2025, by the track model.
DESCENDING = (
    4319, 4350, 4366, 4397, 4428, 4459, 4490, 4506, 4537, 4568, 4599,
    4630, 4646, 4677, 4708, 4739, 4755, 4786, 4817, 4848, 4879, 4895,
)  # fmt: skip
ASCENDING = (
    4312, 4343, 4374, 4390, 4421, 4452, 4483, 4514, 4530, 4561, 4592, 4623,
    4639, 4670, 4701, 4732, 4763, 4779, 4810, 4841, 4872, 4888, 4903,
)  # fmt: skip
WHOLE_ORBITS = (4536, 4537, 4538, 5976, 7929)
#: Frames that also have a near-real-time copy of the older baseline AB, with the first asset keys.
OLDER_BASELINE = ("04537E", "04599E", "04677E", "04755E")
#: A frame that was processed twice with the same baseline.
TWICE = "04646E"
NO_PICTURE, THUMBNAIL_ONLY = "04428E", "04490E"
#: Other products of some frames: type -> frames. LineString except for MSI and BM__RAD_2B.
SHOWCASE = ("04537E", "05976E", "07929E")
OTHERS: dict[str, tuple[str, ...]] = {
    "ATL_EBD_2A": ("01380E", "04537D", *SHOWCASE, "04537F"),
    "ATL_TC__2A": SHOWCASE,
    "AC__TC__2B": SHOWCASE,
    "ACM_CAP_2B": SHOWCASE,
    "BMA_FLX_2B": SHOWCASE,
    "BM__RAD_2B": SHOWCASE,
    "CPR_CLD_2A": SHOWCASE,
    "MSI_CM__2A": SHOWCASE,
}
#: Swath of MSI beside the track, in km to the left and right of flight.
LEFT_KM, RIGHT_KM = 121.0, 41.0


def footprint(orbit: int, frame: str, *, swath: bool) -> tuple[Json, list[float]]:
    """Geometry and bbox as ESA MAAP writes them: a point every 77 s, six decimals, uncut.

    The ring of a swath runs down its right edge, over the last nadir point, back up its left edge
    and over the first nadir point, as in the one ring that is public.
    """
    begin, end = frame_time(orbit, frame)
    node = node_time(orbit)
    seconds = np.linspace((begin - node).total_seconds(), (end - node).total_seconds(), 10)
    lat, lon, heading = track(orbit, seconds)
    if swath:
        right = beside(lat, lon, heading, RIGHT_KM)
        left = beside(lat, lon, heading, -LEFT_KM)
        lat, lon = (
            np.concatenate([r, middle[-1:], side[::-1], middle[:1], r[:1]])
            for r, middle, side in zip(right, (lat, lon), left, strict=True)
        )
    points = [[round(float(x), 6), round(float(y), 6)] for x, y in zip(lon, lat, strict=True)]
    bbox = box(points)
    if swath:
        return {"type": "Polygon", "coordinates": [points]}, bbox
    return {"type": "LineString", "coordinates": points}, bbox


def box(points: list[list[float]]) -> list[float]:
    """Bbox of points; all longitudes when the line jumps over the antimeridian."""
    lon, lat = np.array(points).T
    west, east = (-180.0, 180.0) if np.any(np.abs(np.diff(lon)) > 180) else (lon.min(), lon.max())
    return [round(float(v), 6) for v in (west, lat.min(), east, lat.max())]


def stamp(when: datetime, digits: int = 3) -> str:
    """ISO time with a Z: three digits of a second, or none (as in `updated`)."""
    if digits == 0:
        return f"{when:%Y-%m-%dT%H:%M:%S}Z"
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(when: datetime) -> datetime:
    """Nearest whole second, as file names and items state it."""
    return (when + timedelta(seconds=0.5)).replace(microsecond=0)


def processed(orbit: int, frame: str, file_type: str) -> datetime:
    """When a granule was made: in the reprocessing of 2025, later ones three hours after sensing.

    The two processing times that are public in full (04366E and 04537E, five minutes apart) set the
    pace.
    """
    if orbit > 7000:
        return seconds_of(frame_time(orbit, frame)[1]) + timedelta(hours=3, seconds=orbit % 997)
    base = datetime(2025, 9, 12, 20, 29, 10, tzinfo=UTC)
    if orbit >= 4800:  # 04879E was made on 14 September
        base = datetime(2025, 9, 14, 6, 10, 33, tzinfo=UTC) - timedelta(seconds=434 * 1.608)
    late = sum(map(ord, file_type)) % 600 if file_type != "MSI_COP_2A" else 0
    steps = (orbit - 4366) * 1.608 + "EFGHABCD".index(frame) * 7 + late
    return seconds_of(base + timedelta(seconds=steps))


def product_id(
    orbit: int, frame: str, file_type: str, made: datetime, agency: str = "EX", baseline: str = "BA"
) -> str:
    """Id of a granule from its parts."""
    start = seconds_of(frame_time(orbit, frame)[0])
    times = f"{start:%Y%m%dT%H%M%SZ}_{made:%Y%m%dT%H%M%SZ}"
    return f"ECA_{agency}{baseline}_{file_type}_{times}_{orbit:05d}{frame}"


def line(name: str, collection: str, style: str, origin: str, **changes: Json) -> Json:
    """Recorded line of an id, with what the track model says of it; `changes` overrule that."""
    parts = parse_id(name)
    orbit, frame, made = parts.orbit, parts.frame, parts.created
    swath = parts.file_type.startswith("MSI") or parts.file_type == "BM__RAD_2B"
    geometry, bbox = footprint(orbit, frame, swath=swath)
    # A frame A begins before its orbit's node: items state the node before it.
    node = node_time(orbit - 1 if frame == "A" else orbit)
    published = max(made, datetime(2025, 9, 16, 8, tzinfo=UTC)) + timedelta(
        seconds=orbit % 1000 * 61 + "EFGHABCD".index(frame) * 7, milliseconds=orbit * 37 % 1000
    )
    updated = max(published, datetime(2025, 10, 13, 16, 20, tzinfo=UTC))
    updated += timedelta(seconds=orbit % 1000 * 3 + "EFGHABCD".index(frame) + 600)
    patch: Json = {
        "geometry": geometry,
        "bbox": bbox,
        "properties": {
            "end_datetime": stamp(seconds_of(frame_time(orbit, frame)[1])),
            "sat:anx_datetime": stamp(node),
            "published": stamp(published),
            "updated": stamp(updated, 0),
        }
        | changes.pop("properties", {}),
    } | changes
    row = {"id": name, "collection": collection, "style": style, "origin": origin, "patch": patch}
    return compact(expand(row), style, origin)


def moved(geometry: Json, bbox: list[float], target: list[float]) -> Json:
    """Geometry stretched from its bbox onto another one."""
    old, new = np.array(bbox).reshape(2, 2), np.array(target).reshape(2, 2)
    points = np.array(geometry["coordinates"][0])
    points = (points - old[0]) / (old[1] - old[0]) * (new[1] - new[0]) + new[0]
    return geometry | {"coordinates": [[[round(float(v), 6) for v in p] for p in points]]}


def observed() -> Iterator[Json]:
    """Items that public pages show."""
    rows = json.loads((FOLDER / "observed.json").read_text(encoding="utf-8"))
    for rank, row in enumerate(rows):
        name, properties = row["id"], row["properties"]
        parts = parse_id(name)
        changes = {key: row[key] for key in ("assets",) if key in row}
        if "geometry" in row:
            changes |= {"geometry": row["geometry"], "bbox": row["bbox"]}
            origin = COMPLETE
        elif "bbox" in row:
            ring, bbox = footprint(parts.orbit, parts.frame, swath=True)
            changes |= {"geometry": moved(ring, bbox, row["bbox"]), "bbox": row["bbox"]}
            origin = NOTEBOOK
        else:
            # The page lists these five in an order that is not that of their times: by publication.
            day = datetime(2025, 9, 15, 8, rank, tzinfo=UTC)
            properties = {"published": stamp(day), **properties}
            own = f"{row['own']} is not public and is ours" if "own" in row else ""
            origin = "; ".join([PAGE, *([own] if own else []), "rest: track model"])
        yield line(name, OPEN, row["style"], origin, properties=properties, **changes)


def modelled(taken: set[str]) -> Iterator[Json]:
    """MSI_COP_2A items written from the track model, except for the frames in `taken`."""
    frames = [f"{orbit:05d}{letter}" for orbit in DESCENDING for letter in "DEF"]
    frames += [f"{orbit:05d}A" for orbit in ASCENDING]
    frames += [f"{orbit:05d}{letter}" for orbit in WHOLE_ORBITS for letter in "ABCDEFGH"]
    for frame in sorted(set(frames) - taken):
        orbit, letter = int(frame[:5]), frame[5]
        made = processed(orbit, letter, "MSI_COP_2A")
        name = product_id(orbit, letter, "MSI_COP_2A", made)
        changes: Json = {}
        if frame == NO_PICTURE:
            changes = {"assets": {"thumbnail": None, "quicklook": None}}
        elif frame == THUMBNAIL_ONLY:
            changes = {"assets": {"quicklook": None}}
        yield line(name, OPEN, "2025-11" if orbit > 7000 else "2025-12", MODEL, **changes)
        if frame == TWICE:
            again = product_id(orbit, letter, "MSI_COP_2A", made + timedelta(days=9, seconds=431))
            yield line(again, OPEN, "2025-12", MODEL)


def near_real_time(frame: str, collection: str) -> Json:
    """Copy of a frame in the older baseline AB, as it was made two hours after sensing."""
    orbit, letter = int(frame[:5]), frame[5]
    made = seconds_of(frame_time(orbit, letter)[1]) + timedelta(hours=1, minutes=24)
    name = product_id(orbit, letter, "MSI_COP_2A", made, baseline="AB")
    return line(name, collection, "2025-08", MODEL)


def other_products() -> Iterator[Json]:
    """Products of other types, ESA's and JAXA's."""
    plain: Json = {"assets": {"thumbnail": None, "quicklook": None}}
    for file_type, frames in OTHERS.items():
        for frame in frames:
            orbit, letter = int(frame[:5]), frame[5]
            made = processed(orbit, letter, file_type)
            if frame == "01380E":  # the one id of this type that a public page shows
                made = datetime(2025, 7, 21, 10, 57, 28, tzinfo=UTC)
            name = product_id(orbit, letter, file_type, made)
            changes = plain if file_type == "ATL_TC__2A" else {}
            if file_type == "AC__TC__2B":  # observed: these number their picture 0
                changes = {
                    "assets": {key: first_picture(name) for key in ("thumbnail", "quicklook")}
                }
            yield line(name, OPEN, "2025-12", MODEL, **changes)
    for frame, baseline in (("04537E", "BB"), ("05976E", "BB"), ("07929E", "BB"), ("08784E", "CA")):
        made = seconds_of(frame_time(int(frame[:5]), "E")[1]) + timedelta(hours=14)
        name = product_id(int(frame[:5]), "E", "CPR_CLP_2A", made, "JX", baseline)
        yield line(name, JAXA, "2025-12", MODEL, **plain)
    yield swapped("ECA_JXBB_AC__CLP_2B_20250617T010157Z_20250930T051848Z_05976E")


def first_picture(name: str) -> Json:
    """Patch of a picture asset whose number is 0 instead of 1."""
    asset = expand(
        {"id": name, "collection": OPEN, "style": "2025-12", "patch": {}},
    )["assets"]["quicklook"]
    return {key: asset[key].replace("BID_1", "BID_0") for key in ("href", "title")}


def swapped(name: str) -> Json:
    """JAXA-made item whose header stands under the key of the data file, and vice versa."""
    row = line(name, OPEN, "2025-12", MODEL + "; keys swapped as the original page notes")
    item = expand(row)
    assets = item["assets"]
    assets["enclosure_h5"], assets["enclosure_hdr"] = (
        assets["enclosure_hdr"],
        assets["enclosure_h5"],
    )
    del assets["thumbnail"], assets["quicklook"]
    return compact(item, row["style"], row["origin"])


def build() -> list[Json]:
    """All item lines, in the order of their files."""
    lines = list(observed())
    lines += modelled({row["id"][-6:] for row in lines})
    lines += [near_real_time(frame, OPEN) for frame in OLDER_BASELINE]
    lines += other_products()
    copies = [row for row in lines if row["id"][-6:] in ("04537E", "04599E")]
    copies = [row for row in copies if "MSI_COP_2A" in row["id"]]
    lines += [{**row, "collection": CHECKED} for row in copies]
    lines += [near_real_time(frame, CHECKED) for frame in ("04568E", "04879E")]
    return sorted(lines, key=lambda row: (row["collection"], row["id"][9:19], row["id"][20:]))


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


if __name__ == "__main__":
    write()
