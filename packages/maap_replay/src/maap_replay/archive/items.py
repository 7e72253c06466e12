"""How an item of the archive looks: the template of its id, and what the track and the rule say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import catalogue_entry
from earthcare_synthetic.ground_track import PERIOD
from maap_replay.archive import dates, footprints, frames
from maap_replay.recordings.lines import expand
from maap_replay.recordings.patch import Json
from maap_replay.recordings.sizes import with_sizes

#: Origin of an item that no public page shows.
ORIGIN = "written by rule: census of 6 February 2026, ground-track model"
#: Types that do not begin with their frame.
OWN_CLOCK = frozenset({"CPR_APC_2A", "AUX_MET_1D"})
#: X-MET begins this long after its frame (of the four whose times are public: 14 to 18 s).
MET_DELAY = 15
#: One frame in so many has no picture, and one no quicklook: 04428E and 04490E are such.
ODD_EVERY = 1009
_NO_PICTURE, _NO_QUICKLOOK = (frames.number(name) % ODD_EVERY for name in ("04428E", "04490E"))
#: From this orbit on, and in the older baselines, data and pictures stand under other keys.
_NEW_KEYS = 7000
#: Places in an ISO time of what ids keep of it.
_LETTERS = [place for place in range(19) if place not in (4, 7, 13, 16)]


def begin(file_type: str, numbers: Any) -> Any:
    """First second of products of frames, since 1970.

    CPR_APC_2A takes a whole orbit from its ascending node on: so do the public times of four of
    them, all named after frame A, fall.
    """
    if file_type == "CPR_APC_2A":
        return _whole(frames.node(8 * (numbers // 8) + 1))
    return frames.begin(numbers) + (MET_DELAY if file_type == "AUX_MET_1D" else 0)


def end(file_type: str, numbers: Any) -> Any:
    """Last second of products of frames, since 1970."""
    if file_type == "CPR_APC_2A":
        return begin(file_type, numbers) + round(PERIOD)
    return frames.end(numbers)


def shape_of(file_type: str) -> footprints.Shape:
    """How products of a type are drawn."""
    return "orbit" if file_type == "CPR_APC_2A" else catalogue_entry(file_type).drawn_as


def has_orbit(file_type: str, baseline: str) -> bool:
    """Whether items state their orbit; observed: X-JSG and the later X-MET do not."""
    return file_type != "AUX_JSG_1D" and (file_type != "AUX_MET_1D" or baseline == "AA")


def style_of(file_type: str, baseline: str, frame: int) -> str:
    """Era of the asset keys."""
    if dates.is_near_real_time(file_type, baseline):
        return "2025-08"
    return "2025-11" if frame // 8 > _NEW_KEYS else "2025-12"


def file_class(file_type: str, baseline: str) -> str:
    """Agency, environment and baseline as ids have them, such as "EXBA"."""
    jaxa = catalogue_entry(file_type).facility.startswith("JAXA")
    return f"{'J' if jaxa else 'E'}X{baseline}"


def prefix_of(file_type: str, baseline: str) -> str:
    """Beginning of all ids of a type and baseline."""
    return f"ECA_{file_class(file_type, baseline)}_{file_type}_"


def ids_of(file_type: str, baseline: str, numbers: Any, start: Any, made: Any) -> list[str]:
    """Ids of products of frames."""
    texts = np.char.add(prefix_of(file_type, baseline), compact(start))
    for more in ("_", compact(made), "_", frames.names()[numbers]):
        texts = np.char.add(texts, more)
    ids: list[str] = texts.tolist()
    return ids


def item_of_frame(
    collection: str, product_id: str, frame: int, published: int, drawn: Json, style: str = ""
) -> Json:
    """Complete item of a product of a frame.

    Parameters
    ----------
    collection, product_id : str
        Where it lies, and its id; the times in the id may differ from those of the track.
    frame : int
        Number of the frame (`frames.number`).
    published : int
        When it came into the catalogue, in milliseconds since 1970.
    drawn : dict
        Its geometry and bbox.
    style : str, optional
        Era of the asset keys; by default that of its baseline and orbit.
    """
    file_type, baseline = product_id[9:19], product_id[6:8]
    late = int(parse_granule_id(product_id).start_time.timestamp()) - int(begin(file_type, frame))
    last = int(end(file_type, frame)) + late
    updated = int(dates.updated(np.int64(frame), np.int64(published)))
    properties: Json = {
        "end_datetime": stamp(last),
        "sat:anx_datetime": stamp(round(float(_node(file_type, frame)) * 1000) / 1000),
        "published": stamp(published / 1000),
        "updated": stamp(updated, 0),
    }
    if not has_orbit(file_type, baseline):
        properties["sat:absolute_orbit"] = None
    patch: Json = {"properties": properties, **drawn}
    if odd := _odd_assets(frame):
        patch["assets"] = odd
    style = style or style_of(file_type, baseline, frame)
    line = {"id": product_id, "collection": collection, "style": style, "patch": patch}
    return with_sizes(expand(line))


def _node(file_type: str, frame: int) -> Any:
    return frames.node(8 * (frame // 8) + 1 if file_type == "CPR_APC_2A" else frame)


def _odd_assets(frame: int) -> Json:
    rest = frame % ODD_EVERY
    if rest not in (_NO_PICTURE, _NO_QUICKLOOK):
        return {}
    gone = ["quicklook", "quicklook_jpeg", *(["thumbnail"] if rest == _NO_PICTURE else [])]
    return dict.fromkeys(gone)


def stamp(when: float, digits: int = 3) -> str:
    """ISO time with a Z: three digits of a second, or none (as in `updated`)."""
    moment = datetime.fromtimestamp(when, UTC)
    if digits == 0:
        return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
    milliseconds = round(moment.microsecond / 1000) % 1000
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def compact(when: Any) -> npt.NDArray[np.str_]:
    """Times as ids have them, from seconds since 1970."""
    texts = np.datetime_as_string(np.asarray(when, dtype="datetime64[s]"))
    letters = texts.view("U1").reshape(-1, texts.dtype.itemsize // 4)[:, _LETTERS]
    return np.char.add(np.ascontiguousarray(letters).view(f"U{len(_LETTERS)}").ravel(), "Z")


def _whole(seconds: Any) -> Any:
    return np.asarray(np.floor(np.asarray(seconds) + 0.5), dtype=np.int64)
