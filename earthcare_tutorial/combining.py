"""Bring together the products of one frame: find them, and put them on one axis."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.products import file_type
from earthcare_tutorial._footprint import apart_km, on_sphere
from earthcare_tutorial._notes import warn
from earthcare_tutorial.catalogue import Query
from earthcare_tutorial.products import identify
from earthcare_tutorial.searching import find, keep_latest, make_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pystac
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]

PERIOD = timedelta(minutes=-2), timedelta(minutes=14)  # of a frame, with margins
CLOSED = ("EarthCAREL1InstChecked", "EarthCAREL2InstChecked", "JAXAL2InstChecked")


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
    >>> from datetime import datetime
    >>> import pystac
    >>> name = "ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001"
    >>> companions(pystac.Item(name, None, None, datetime(2025, 1, 20), {}), "A-EBD")
    Traceback (most recent call last):
    ...
    ValueError: ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001 belongs to no frame.
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


def align(datasets: Sequence[xr.Dataset], *, within_km: float = 1.0) -> list[xr.Dataset]:
    """Put granules of one frame on the along-track axis of the first, profile by profile.

    Products have their own sampling along the track and their own margins. Of each, the profile
    nearest on the ground to each one of the first is taken, as it is; of a swath, the line whose
    pixel is nearest. What not all have is cut off at both ends.

    Parameters
    ----------
    datasets : sequence of xarray.Dataset
        With "latitude" and "longitude", (n,) or (n, m); the first sets the axis, so it is one along
        the track.
    within_km : float, optional
        A profile that is farther does not count.

    Returns
    -------
    list of xarray.Dataset
        In the same order. All have the dimension "along_track", of one length, with the distance
        along the track in km as its coordinate; each keeps its own times and heights. A swath
        has "nadir_column" as a coordinate: the column that is nearest to the track of the first.

    Raises
    ------
    ValueError
        When the first is a swath, one has no place, or they do not overlap.

    Examples
    --------
    >>> import xarray as xr
    >>> degrees = [0.01, 0.02, 0.03, 0.04]
    >>> zero = ("n", [0.0] * 4)
    >>> one = xr.Dataset({"latitude": ("n", degrees), "longitude": zero, "a": ("n", [1, 2, 3, 4])})
    >>> other = one.rename(n="m", a="b").isel(m=slice(2, None))
    >>> [d.sizes["along_track"] for d in align([one, other])]
    [2, 2]
    """
    places = []
    for n, ds in enumerate(datasets):
        if not {"latitude", "longitude"} <= set(ds.variables):
            raise ValueError(f"Dataset {n} has no place: ask for latitude and longitude.")
        places.append(on_sphere(ds["longitude"].values, ds["latitude"].values))
    track = places[0]
    if track.ndim != 2:
        raise ValueError("The first dataset is a swath: begin with one along the track.")
    rows, columns, together = [], [], np.isfinite(track).all(axis=1)
    for place in places:
        column = None
        if place.ndim == 3:
            column = _nadir_column(place, track)
            place = place[:, column]
        index, away = _nearest(place, track)
        together &= away <= within_km
        rows.append(index)
        columns.append(column)
    if not together.any():
        raise ValueError(f"The datasets do not overlap: none is within {within_km:g} km in all.")
    step = np.r_[0, apart_km(track[1:], track[:-1])]
    km = np.cumsum(np.nan_to_num(step))[together]
    axis = ("along_track", km - km[0], {"long_name": "distance along the track", "units": "km"})
    aligned = []
    for ds, index, column in zip(datasets, rows, columns, strict=True):
        along = ds["latitude"].dims[0]
        one = ds.isel({along: index[together]}).rename(
            {along: "along_track"} if along != "along_track" else {}
        )
        one = one.assign_coords(along_track=axis)
        aligned.append(one if column is None else one.assign_coords(nadir_column=column))
    return aligned


def _nearest(places: Array, track: Array) -> tuple[Array, Array]:
    """Return which of the places (m, 3) is nearest to each point (n, 3), and how far it is."""
    known = np.where(np.isfinite(places), places, 0)
    parts = np.array_split(track, len(track) // 500 + 1)
    index = np.concatenate([(points @ known.T).argmax(axis=1) for points in parts])
    return index, apart_km(track, places[index])


def _nadir_column(places: Array, track: Array) -> int:
    """Return the column of a swath (lines, columns, 3) that is nearest to a track."""
    some = np.linspace(0, len(places) - 1, 9).astype(int)
    away = np.array([_nearest(track, places[line])[1] for line in some])
    away = np.where(np.isfinite(away), away, np.inf)
    return int(np.median(away, axis=0).argmin())
