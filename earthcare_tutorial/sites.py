"""Which granules saw a place, or a frame: passes over a site, companions of a granule."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.products import PRODUCTS, file_type
from earthcare_tutorial._footprint import (
    EARTH_RADIUS,
    along_great_circles,
    apart_km,
    on_sphere,
    outlines,
    place_name,
    site_vector,
    sun_is_up,
)
from earthcare_tutorial._notes import warn
from earthcare_tutorial.catalogue import Query
from earthcare_tutorial.explaining import explain
from earthcare_tutorial.products import identify
from earthcare_tutorial.searching import find, keep_latest, make_query

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd
    import pystac

TURN = 82.9  # degrees of latitude at which the track turns back: inclination 97.05 degrees
FAR = 1500  # km beyond the radius to look for the nearest miss: half the way between two passes
PERIOD = timedelta(minutes=-2), timedelta(minutes=14)  # of a frame, with margins
CLOSED = ("EarthCAREL1InstChecked", "EarthCAREL2InstChecked", "JAXAL2InstChecked")
TWICE = timedelta(minutes=3)  # closer than this, two passes of an orbit are one, in two frames


def overpasses(
    latitude: float,
    longitude: float,
    radius_km: float = 100,
    *,
    start_time: str | datetime,
    end_time: str | datetime,
    product: str = "A-EBD",
) -> pd.DataFrame:
    """List when the track passes a site, how near, by day or night, and on which side.

    From the footprints of the catalogue, so without a token: times are good to some seconds and
    distances to some km.

    Parameters
    ----------
    latitude, longitude : float
        Of the site, in degrees; east is positive.
    radius_km : float, optional
        The longest distance that counts as a pass.
    start_time, end_time : str or datetime
        UTC, as for :func:`search`.
    product : str, optional
        The product whose granules are listed: one along the track, as those of lidar and radar
        are. :func:`companions` finds those of the imager.

    Returns
    -------
    pandas.DataFrame
        In order of time, a row for each pass: time (UTC, of the closest approach), distance_km,
        side ("left" or "right": where the site lies, looking along the flight), light ("day" or
        "night" at the site), orbit_and_frame, baseline and id. ``search(ids=table["id"])`` gives
        the granules. Empty, with a warning that says why, when nothing passes.

    Raises
    ------
    ValueError
        When the place or the radius makes no sense, or the product is a swath, in one sentence.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> march = {"start_time": "2025-03-01", "end_time": "2025-03-31"}
    >>> table = ect.overpasses(9.06, 7.49, **march)
    >>> table[["side", "light", "orbit_and_frame"]]
        side  light orbit_and_frame
    0  right  night          04514A
    1   left    day          04537E
    2   left  night          04654A
    3  right    day          04677E
    """
    import pandas as pd

    site = site_vector(latitude, longitude, radius_km)
    code = file_type(product)
    if PRODUCTS[code].catalogue.drawn_as != "line":
        raise ValueError(
            f"{code} has no line for its footprint: list the passes of one along the track, such as"
            " 'A-EBD', and companions() finds the rest."
        )
    period = {"start_time": start_time, "end_time": end_time}
    query = make_query(code, bbox=_box_around(latitude, longitude, radius_km), **period)
    passes = _passes(query, site)
    rows = [row for row in passes if row["distance_km"] <= radius_km]
    if not rows:
        wider = make_query(code, bbox=_box_around(latitude, longitude, radius_km + FAR), **period)
        where = f"within {radius_km:g} km of {place_name(latitude, longitude)}"
        if abs(latitude) - math.degrees(radius_km / EARTH_RADIUS) > TURN:
            why = f"Nothing ever passes {where}: the track turns back at {TURN:.0f}° of latitude."
        elif near := passes or _passes(wider, site):
            nearest = min(near, key=lambda row: (round(row["distance_km"]), row["time"]))
            why = (
                f"Nothing passes {where} in this time: {nearest['orbit_and_frame']} comes nearest,"
                f" {nearest['distance_km']:.0f} km at {nearest['time']:%Y-%m-%d %H:%M} UTC."
            )
        else:
            why = f"Nothing passes {where}. {explain(query)}"
        warn(why)
    for row in rows:
        row["light"] = "day" if sun_is_up(row["time"], latitude, longitude) else "night"
    columns = ["time", "distance_km", "side", "light", "orbit_and_frame", "baseline", "id"]
    return pd.DataFrame(rows, columns=columns).sort_values("time", ignore_index=True)


def companions(
    item: pystac.Item, products: str | Iterable[str], *, baseline: str = "latest"
) -> dict[str, pystac.Item]:
    """Find the granules of other products, of either agency, for the same orbit and frame.

    Parameters
    ----------
    item : pystac.Item
        A granule from :func:`search`.
    products : str or list of str
        Their file types or short names, such as ["A-EBD", "C-FMR", "C-CLP"].
    baseline : str, optional
        As for :func:`search`; each product has baselines of its own.

    Returns
    -------
    dict of str to pystac.Item
        By file type, in the order asked for. A product that has none is left out with a warning
        that says whether it exists in another baseline, or in a collection with closed access.

    Raises
    ------
    ValueError
        When the granule has neither orbit nor frame, or there is no such product.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> [*ect.companions(item, ["C-FMR", "M-COP"])]
    ['CPR_FMR_2A', 'MSI_COP_2A']
    """
    told = identify(item)
    frame = told.orbit_and_frame
    if not frame:
        raise ValueError(f"{item.id} belongs to no frame.")
    begin, end = (told.start_time + each for each in PERIOD)  # nothing else finds X-MET
    codes = [file_type(name) for name in ([products] if isinstance(products, str) else products)]
    which: dict[str, Any] = {"orbit_and_frame": frame, "baseline": baseline}
    query = make_query(codes, start_time=begin, end_time=end, **which)
    found = {identify(each).file_type: each for each in keep_latest(find(query), say=False)}
    if missing := [code for code in codes if code not in found]:
        reasons = _where_else(missing, frame, query)
        listed = "; ".join(f"{code}: {reasons[code]}" for code in missing)
        warn(f"Not found for {frame}: {listed}.")
    return {code: found[code] for code in codes if code in found}


def _where_else(codes: list[str], frame: str, query: Query) -> dict[str, str]:
    """Say of products that were not found where they are, if anywhere."""
    other = query.without("baseline", file_type=codes)
    reasons = dict.fromkeys(codes, "there is no such granule")
    closed = make_query(codes, orbit_and_frame=frame, collection=CLOSED)
    for each in find(closed):
        told = identify(each)
        reasons[told.file_type] = f"only in {each.collection_id}, which needs rights of its own"
    for each in find(other):
        told = identify(each)
        reasons[told.file_type] = f"only in baseline {told.baseline}"
    return reasons


def _box_around(
    latitude: float, longitude: float, radius_km: float
) -> tuple[float, float, float, float]:
    """Return the box around a circle: all longitudes where it holds a pole."""
    angle = radius_km / EARTH_RADIUS
    south, north = (latitude + sign * math.degrees(angle) for sign in (-1, 1))
    if south <= -90 or north >= 90:
        return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
    wide = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude)))))
    west, east = ((longitude + sign * wide + 180) % 360 - 180 for sign in (-1, 1))
    return west, south, east, north


def _closest(item: pystac.Item, site: np.ndarray) -> dict[str, Any] | None:
    """Describe the closest approach of a granule; None where its footprint or times are missing."""
    told = item.common_metadata
    lines = outlines(item.geometry)
    if not lines or told.start_datetime is None or told.end_datetime is None:
        return None
    corners = np.vstack(lines)
    track = on_sphere(*along_great_circles(corners[:, 0], corners[:, 1], step=0.01))
    away = apart_km(track, site)
    place = int(away.argmin())
    gone = np.r_[0, np.cumsum(apart_km(track[1:], track[:-1]))]
    ahead = track[min(place + 1, len(track) - 1)] - track[max(place - 1, 0)]
    left = np.cross(track[place], ahead) @ site > 0
    name = identify(item)
    share = float(gone[place] / gone[-1])
    return {
        "time": told.start_datetime + share * (told.end_datetime - told.start_datetime),
        "distance_km": float(away[place]),
        "side": "left" if left else "right",
        "orbit_and_frame": name.orbit_and_frame,
        "baseline": name.baseline,
        "id": item.id,
    }


def _passes(query: Query, site: np.ndarray) -> list[dict[str, Any]]:
    """Describe the closest approach of each orbit; one at the cut of two frames counts once."""
    rows: list[dict[str, Any]] = []
    found = (_closest(item, site) for item in keep_latest(find(query), say=False))
    for row in sorted(filter(None, found), key=lambda row: row["distance_km"]):
        orbit, time = row["orbit_and_frame"][:5], row["time"]
        if not any(
            r["orbit_and_frame"][:5] == orbit and abs(r["time"] - time) < TWICE for r in rows
        ):
            rows.append(row)
    return rows
