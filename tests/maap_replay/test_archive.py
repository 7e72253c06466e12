"""The archive by rule: counts of the census, observed items, times and places."""

import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pystac

from earthcare_products.census import census
from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import catalogue_entry
from maap_replay.archive import dates, footprints, frames, members
from maap_replay.archive.observed import observed, rows
from maap_replay.archive.pages import Found
from maap_replay.archive.parts import Wanted
from maap_replay.recordings.names import folder
from maap_replay.service.search import find, read, run

OPEN = "EarthCAREL2Validated_MAAP"
ROWS = [
    (collection, file_type, baseline, row)
    for collection, types in census().items()
    for file_type, rows in types.items()
    for baseline, row in rows.items()
]
#: Queryable -> property, of those whose values queryables list.
LISTED = {
    "productType": "product:type",
    "productVersion": "version",
    "instrument": "instruments",
    "processingCenter": "processing:facility",
    "processingLevel": "processing:level",
    "processorName": "processing:software",
    "acquisitionType": "product:acquisition_type",
    "sensorMode": "eopf:instrument_mode",
    "orbitDirection": "sat:orbit_state",
}
#: Boxes that public items state.
FOOTPRINTS = {row["id"]: np.array(row["bbox"]) for row in rows() if "bbox" in row}
#: Kilometres of a degree of latitude, and of one of longitude at the equator.
DEGREE = 111.3


def test_each_line_of_the_census_has_its_number(recordings, archive):
    for collection, file_type, baseline, row in ROWS:
        wanted = f"productType = '{file_type}' and productVersion = '{baseline}'"
        _, number = run(
            read({"collections": collection, "filter": wanted, "limit": 1}, recordings), recordings
        )
        assert number == row.items, (collection, file_type, baseline)
    total = len(Found(archive, Wanted()))
    assert total == sum(row.items for *_, row in ROWS) == 9_100_195


def test_the_first_and_the_last_are_those_of_the_census(archive):
    late = []
    for part, (_, file_type, _, row) in zip(archive.parts, ROWS, strict=True):
        first, last = part.items(np.array([0, len(part) - 1]))
        for item, frame, start in ((first, row.first, row.begin), (last, row.last, row.end)):
            assert frame is None or item["id"].endswith(frame)
            seconds = datetime.fromisoformat(item["properties"]["start_datetime"])
            off = abs((seconds - datetime.fromisoformat(start)).total_seconds())
            # X-MET begins 14 to 18 s after its frame, the last one 1 s; an X-JSG 1 s before it.
            assert off <= (14 if file_type == "AUX_MET_1D" else 1), (item["id"], start)
            late.append(off)
    assert np.mean(np.array(late) == 0) > 0.8


def test_no_item_is_there_twice(archive):
    for part in archive.parts:
        if part.segment.row.first is not None:
            numbers, copies = members.members(part.segment.file_type, part.segment.row)
            pairs = numbers.astype(np.int64) * 256 + copies
            assert len(np.unique(pairs)) == len(pairs) == len(part)
            assert np.all(np.diff(part.segment.start()) >= 0)


def test_losses_are_shared_and_whole_orbits_have_none(archive):
    parts = {
        (p.segment.file_type, p.segment.baseline): {*p.segment.numbers.tolist()}
        for p in archive.parts
        if p.segment.collection == OPEN
    }
    orbit = {8 * 4537 + letter for letter in range(8)}
    assert all(orbit <= parts[file_type, "BA"] for file_type in ("MSI_COP_2A", "ATL_EBD_2A"))
    # what the imager lacks the lidar lacks too, but for a few frames
    every = set(range(frames.number("00894G"), frames.number("07642H")))
    lost = {name: every - parts[name, "BA"] for name in ("MSI_COP_2A", "ATL_EBD_2A")}
    assert 300 < len(lost["MSI_COP_2A"]) < 700 and len(lost["ATL_EBD_2A"]) > 500
    common = lost["MSI_COP_2A"] & lost["ATL_EBD_2A"]
    assert len(common) > 0.6 * len(lost["MSI_COP_2A"])
    # the second copies are there, and 04646E is among them
    assert (
        Counter(members.members("MSI_COP_2A", census()[OPEN]["MSI_COP_2A"]["BA"])[0].tolist())[
            frames.number("04646E")
        ]
        == 2
    )


def test_the_track_agrees_with_every_observed_item(capsys):
    """Start within a second; footprint within 5 km. Run with -s to read the numbers."""
    told = []
    for item in observed():
        name = parse_granule_id(item["id"])
        if not name.orbit:
            continue
        frame = frames.number(item["id"][-6:])
        late = int(frames.begin(frame)) - int(name.start_time.timestamp())
        assert abs(late) <= 1, item["id"]
        far = None
        if item["id"] in FOOTPRINTS:
            (drawn,) = footprints.drawn(frame, "swath")
            shift = np.array(drawn["bbox"]) - FOOTPRINTS[item["id"]]
            if "05378E" in item["id"]:
                # One orbit too far east, as no other public item is: the shape agrees.
                shift[[0, 2]] += 360 / (389 / 25)
            km = np.abs(shift) * DEGREE * np.array([np.cos(np.radians(22.5)), 1] * 2)
            far = round(float(km.max()), 1)
            assert far < 5, item["id"]
        told.append((item["id"][9:19], item["id"][-6:], late, far))
    assert len([one for one in told if one[3] is not None]) == 6
    with capsys.disabled():
        lines = ["type, frame, seconds late, km off:", *map(str, told)]
        sys.stdout.write("\n  ".join(["", *lines, ""]))


def test_observed_items_lie_in_the_archive_in_their_own_form(recordings, archive):
    for item in observed():
        assert archive.item(item["collection"], item["id"]) == item
        wanted = f"uid = '{item['id']}'"
        found = find(recordings, collections=item["collection"], filter=wanted)
        assert found == [item]
        frame = item["id"][-6:]
        if parse_granule_id(item["id"]).orbit:
            same = find(
                recordings,
                collections=item["collection"],
                filter=f"orbitNumber = {int(frame[:5])} and frame = '{frame[5]}'"
                f" and productType = '{item['id'][9:19]}' and version = '{item['id'][6:8]}'",
            )
            assert [one["id"] for one in same] == [item["id"]]


def test_an_item_says_what_is_real_in_it(replay, recordings, sample):
    def origin(item):
        return replay.ask(item["links"][0]["href"]).headers["Replay-Origin"]

    assert origin(sample[100]).startswith("written by rule")
    assert all(origin(item).startswith("observed: ") for item in observed())


def test_items_are_stac_and_follow_from_their_ids(sample):
    for item in sample:
        name, properties = parse_granule_id(item["id"]), item["properties"]
        kind = catalogue_entry(name.file_type)
        start, end = (
            datetime.fromisoformat(properties[f"{key}_datetime"]) for key in ("start", "end")
        )
        seconds = (end - start).total_seconds()
        assert start == name.start_time
        if not name.orbit:
            assert end == name.created
        else:
            # the last ascending node before the frame
            node = datetime.fromisoformat(properties["sat:anx_datetime"])
            assert -0.6 < (start - node).total_seconds() < 5570
            assert 600 < seconds < 720 or (name.file_type == "CPR_APC_2A" and 5551 < seconds < 5555)
        assert properties["published"] >= properties["created"] < properties["updated"]
        for asset in item["assets"].values():
            assert folder(item["id"]) in asset["href"] or "/items/" in asset["href"]
            assert ("file:size" in asset) == (asset["roles"] == ["data"])
        assert (item["geometry"] is None) == ("bbox" not in item) == (kind.drawn_as == "none")
        if item["geometry"] is None:
            continue
        west, south, east, north = item["bbox"]
        assert -180 <= west < east <= 180 and -90 <= south < north <= 90
        points = item["geometry"]["coordinates"]
        assert item["geometry"]["type"] == ("Polygon" if kind.drawn_as == "swath" else "LineString")
        if kind.drawn_as == "swath":
            points = points[0]
            assert len(points) == 23 and points[0] == points[-1]
        jumps = any(abs(a[0] - b[0]) > 180 for a, b in pairwise(points))
        assert jumps == ((west, east) == (-180, 180))
    for item in sample[::50]:
        parsed = pystac.Item.from_dict(item)
        assert parsed.to_dict(transform_hrefs=False)["assets"].keys() == item["assets"].keys()


def test_the_queryables_list_the_values_that_items_have(recordings, sample):
    for item in sample:
        for queryable, schema in recordings.queryables[item["collection"]].items():
            value = item["properties"].get(LISTED.get(queryable, ""))
            if value is None or "enum" not in schema:
                continue
            first = value if isinstance(value, str) else next(iter(value))
            listed = [one.casefold() for one in schema["enum"]]
            assert first.casefold() in listed, (item["id"], item["collection"], queryable)


def test_items_that_are_there_to_be_awkward(recordings):
    def of(frame, more="", collection=OPEN):
        wanted = f"orbitNumber = {int(frame[:5])} and frame = '{frame[5]}' {more}"
        return find(recordings, collections=collection, filter=wanted)

    cop = "and productType = 'MSI_COP_2A' and version = 'ba'"
    assert not {"thumbnail", "quicklook"} & of("04428E", cop)[0]["assets"].keys()
    assert {"thumbnail", "quicklook"} & of("04490E", cop)[0]["assets"].keys() == {"thumbnail"}
    assert len({item["properties"]["created"] for item in of("04646E", cop)}) == 2
    (swapped,) = of("04537E", "and productType = 'AC__CLP_2B'")
    assert swapped["assets"]["enclosure_h5"]["href"].endswith(".HDR")
    assert swapped["assets"]["enclosure_hdr"]["href"].endswith(".h5")
    (whole,) = of("05378E", "and productType = 'MSI_COP_2A' and version = 'ab'")
    assert whole["assets"]["enclosure_1"]["file:size"] == 136301685
    changed = of("08374D", "and productType = 'ATL_EBD_2A'")
    assert {item["properties"]["version"] for item in changed} == {"BB", "BC"}
    met = find(
        recordings,
        collections="EarthCAREXMETL1DProducts10_MAAP",
        datetime="2025-03-16T13:33:00Z/2025-03-16T13:34:00Z",
    )
    assert len(met) == 4 and len({item["properties"]["created"] for item in met}) == 4


def test_dates_are_in_their_order():
    numbers = np.arange(frames.number("00756C"), frames.number("09630B"), 7, dtype=np.int64)
    for file_type, baseline in (("MSI_COP_2A", "BA"), ("MSI_COP_2A", "BC"), ("CPR_ECO_2A", "CB")):
        made = dates.created(file_type, baseline, numbers, np.zeros(len(numbers), np.int64))
        public = dates.published(numbers, made)
        assert np.all(frames.end(numbers) <= made) and np.all(made <= public)
        assert np.all(public <= np.maximum(dates.COUNTED, made))


def test_no_orbit_file_begins_before_the_launch(archive):
    launch = datetime(2024, 5, 28, 21, 49, 17, tzinfo=UTC).timestamp()
    assert min(part.segment.start().min() for part in archive.parts) >= launch - 86400
