"""What passed over a site: a table of passes, and the part of a granule around it."""

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
    sun_is_up,
)
from earthcare_tutorial._notes import warn
from earthcare_tutorial.catalogue import Query
from earthcare_tutorial.explaining import explain
from earthcare_tutorial.products import identify
from earthcare_tutorial.searching import find, keep_latest, make_query

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    import pystac
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]

TURN = 82.9  # degrees of latitude at which the track turns back: inclination 97.05 degrees
FAR = 1500  # km beyond the radius to look for the nearest miss: half the way between two passes
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
    >>> overpasses(95, 10, start_time="2025-03-01", end_time="2025-03-31")
    Traceback (most recent call last):
    ...
    ValueError: A latitude lies between -90 and 90 degrees: not 95.
    """
    import pandas as pd

    site = _site(latitude, longitude, radius_km)
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
        where = f"within {radius_km:g} km of {_place(latitude, longitude)}"
        if abs(latitude) - math.degrees(radius_km / EARTH_RADIUS) > TURN:
            why = f"Nothing ever passes {where}: the track turns back at {TURN:.0f}° of latitude."
        elif near := passes or _passes(wider, site):
            nearest = min(near, key=lambda row: row["distance_km"])
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


def cut_around(
    ds: xr.Dataset, latitude: float, longitude: float, radius_km: float = 100
) -> xr.Dataset:
    """Cut out the part of a granule around a site, and add the distance of each pixel.

    Parameters
    ----------
    ds : xarray.Dataset
        With "latitude" and "longitude": along the track (n,), or of a swath (n, m).
    latitude, longitude : float
        Of the site, in degrees.
    radius_km : float, optional
        Lines, and columns of a swath, without any pixel so near are cut off.

    Returns
    -------
    xarray.Dataset
        The cut, with "distance_km" as a coordinate. In the corners of a swath it holds pixels that
        are farther: ``cut.where(cut.distance_km <= radius_km)`` masks them.

    Raises
    ------
    ValueError
        When no pixel is so near; the sentence says how near the nearest is.

    Examples
    --------
    >>> import xarray as xr
    >>> places = {"latitude": ("x", [9.0, 0, -9]), "longitude": ("x", [179.0, 180, -179])}
    >>> cut_around(xr.Dataset(places), 0, -179.5, 100)["distance_km"].round().values
    array([56.])
    """
    site = _site(latitude, longitude, radius_km)
    if not {"latitude", "longitude"} <= set(ds.variables):
        raise ValueError("The dataset has no place: ask open_granule for latitude and longitude.")
    lat, lon = ds["latitude"], ds["longitude"]
    away = apart_km(on_sphere(lon.values, lat.values), site)
    near = away <= radius_km
    if not near.any():
        nearest = np.nanmin(away, initial=np.inf)
        told = f"the nearest is {nearest:,.0f} km away" if nearest < np.inf else "none has a place"
        where = f"within {radius_km:g} km of {_place(latitude, longitude)}"
        raise ValueError(f"No pixel of the dataset lies {where}: {told}.")
    cut = {}
    for axis, dim in enumerate(lat.dims):
        others = tuple(n for n in range(near.ndim) if n != axis)
        inside = np.flatnonzero(near.any(axis=others))
        cut[dim] = slice(int(inside[0]), int(inside[-1]) + 1)
    about = {"long_name": f"distance from {_place(latitude, longitude)}", "units": "km"}
    return ds.assign_coords(distance_km=(lat.dims, away, about)).isel(cut)


def _site(latitude: float, longitude: float, radius_km: float) -> Array:
    """Check a place and a radius, and return the unit vector of the place."""
    if not -90 <= latitude <= 90:
        raise ValueError(f"A latitude lies between -90 and 90 degrees: not {latitude:g}.")
    if not -360 <= longitude <= 360:
        raise ValueError(f"A longitude lies between -180 and 180 degrees: not {longitude:g}.")
    if not 0 < radius_km < math.pi * EARTH_RADIUS:
        raise ValueError(f"radius_km is above 0, and on the Earth: not {radius_km:g}.")
    return on_sphere(longitude, latitude)


def _place(latitude: float, longitude: float) -> str:
    longitude = (longitude + 180) % 360 - 180
    return (
        f"{abs(latitude):g}°{'N' if latitude >= 0 else 'S'},"
        f" {abs(longitude):g}°{'E' if longitude >= 0 else 'W'}"
    )


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


def _closest(item: pystac.Item, site: Array) -> dict[str, Any] | None:
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


def _passes(query: Query, site: Array) -> list[dict[str, Any]]:
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
