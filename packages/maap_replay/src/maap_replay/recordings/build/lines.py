"""One recorded line: the id of a product from its parts, and what the track model says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import catalogue_entry
from earthcare_synthetic.ground_track import frame_time
from maap_replay.recordings.build.passes import drawn, seconds_of, sensed, stamp
from maap_replay.recordings.expand import compact, expand
from maap_replay.recordings.patch import Json

MODEL = "written from documented facts: track model, 2026-11"
#: Types that JAXA makes and ESA's Level 1 and 2 collections hold.
_BY_JAXA = frozenset({"CPR_NOM_1B"})


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


def made(orbit: int, frame: str, file_type: str, baseline: str) -> datetime:
    """When a granule of any baseline was made."""
    end = seconds_of(frame_time(orbit, frame)[1])
    if file_type == "AUX_MET_1D":
        return end - timedelta(hours=1)  # a forecast
    if is_near_real_time(file_type, baseline):
        return end + timedelta(hours=1, minutes=24)
    jaxa = catalogue_entry(file_type).facility == "JAXA_SAOC"
    if jaxa and file_type not in ("AC__CLP_2B", "ATL_CLA_2A"):
        return end + timedelta(hours=14)
    later = timedelta(hours=18) if jaxa else timedelta()
    return processed(orbit, frame, file_type) + later


def is_near_real_time(file_type: str, baseline: str) -> bool:
    """Whether a baseline is older than the reprocessing of 2025."""
    return baseline < "DA" if file_type in _BY_JAXA else baseline < "BA"


def product_id(orbit: int, frame: str, file_type: str, when: datetime, baseline: str = "BA") -> str:
    """Id of a granule from its parts; `when` it was made."""
    start = seconds_of(sensed(orbit, frame, file_type).begin)
    times = f"{start:%Y%m%dT%H%M%SZ}_{when:%Y%m%dT%H%M%SZ}"
    jaxa = catalogue_entry(file_type).facility.startswith("JAXA")
    return f"ECA_{'J' if jaxa else 'E'}X{baseline}_{file_type}_{times}_{orbit:05d}{frame}"


def line(name: str, collection: str, style: str, origin: str, **changes: Json) -> Json:
    """Recorded line of an id, with what the track model says of it; `changes` overrule that."""
    parts = parse_granule_id(name)
    assert parts.orbit
    orbit, frame, when = parts.orbit, parts.frame, parts.created
    model = sensed(orbit, frame, parts.file_type)
    # An id that is not of the model's making brings its own start.
    end = parts.start_time + (seconds_of(model.end) - seconds_of(model.begin))
    published = max(when, datetime(2025, 9, 16, 8, tzinfo=UTC)) + timedelta(
        seconds=orbit % 1000 * 61 + "EFGHABCD".index(frame) * 7, milliseconds=orbit * 37 % 1000
    )
    updated = max(published, datetime(2025, 10, 13, 16, 20, tzinfo=UTC))
    updated += timedelta(seconds=orbit % 1000 * 3 + "EFGHABCD".index(frame) + 600)
    patch: Json = {
        **drawn(orbit, frame, parts.file_type),
        "properties": {
            "end_datetime": stamp(end),
            "sat:anx_datetime": stamp(model.node),
            "published": stamp(published),
            "updated": stamp(updated, 0),
        }
        | changes.pop("properties", {}),
    } | changes
    row = {"id": name, "collection": collection, "style": style, "origin": origin, "patch": patch}
    return compact(expand(row), style, origin)


def orbit_file(
    file_type: str, first: datetime, last: datetime, number: int, collection: str
) -> Json:
    """Line of an orbit file, valid from `first` to `last`; made when that begins."""
    times = f"{first:%Y%m%dT%H%M%SZ}_{last:%Y%m%dT%H%M%SZ}"
    name = f"ECA_EXAA_{file_type}_{times}_{number:04d}"
    when = first + timedelta(hours=6)
    properties = {
        "end_datetime": stamp(last),
        "created": stamp(when),
        "processing:datetime": stamp(when),
        "published": stamp(when + timedelta(hours=2, milliseconds=137)),
        "updated": stamp(when + timedelta(hours=3), 0),
    }
    row = {"id": name, "collection": collection, "style": "2025-12", "origin": MODEL}
    return compact(expand({**row, "patch": {"properties": properties}}), "2025-12", MODEL)
