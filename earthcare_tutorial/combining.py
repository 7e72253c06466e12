"""Bring datasets together by place: on one axis along the track, or around a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earthcare_tutorial._footprint import apart_km, on_sphere, place_name, site_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr


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
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> other = ect.companions(item, "C-FMR")["CPR_FMR_2A"]
    >>> needs, token = ["latitude", "longitude"], ect.login()
    >>> lidar, radar = ect.align([ect.open_granule(each, token, needs) for each in (item, other)])
    >>> lidar.sizes == radar.sizes
    True
    """
    if hasattr(datasets, "data_vars"):
        raise TypeError("Several datasets are needed, as a list: align([one, other]).")
    places = [_place(ds, f"Dataset {n}") for n, ds in enumerate(datasets)]
    track = places[0]
    if track.ndim != 2:
        raise ValueError("The first dataset is a swath: begin with one along the track.")
    nearest, together = [], np.isfinite(track).all(axis=1)
    for ds, place in zip(datasets, places, strict=True):
        if place.ndim == 3:
            column = _nadir_column(place, track)
            ds, place = ds.assign_coords(nadir_column=column), place[:, column]
        index, away = _nearest(place, track)
        together &= away <= within_km
        nearest.append((ds, index))
    if not together.any():
        raise ValueError(f"The datasets do not overlap: none is within {within_km:g} km in all.")
    step = np.r_[0, apart_km(track[1:], track[:-1])]
    km = np.cumsum(np.nan_to_num(step))[together]
    axis = ("along_track", km - km[0], {"long_name": "distance along the track", "units": "km"})
    aligned = []
    for ds, index in nearest:
        along = ds["latitude"].dims[0]
        one = ds.isel({along: index[together]})
        one = one if along == "along_track" else one.rename({along: "along_track"})
        aligned.append(one.assign_coords(along_track=axis))
    return aligned


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
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ds = ect.open_granule(item, ect.login(), ["latitude", "longitude"])
    >>> near = ect.cut_around(ds, 9.06, 7.49, 100)
    >>> near.sizes["along_track"] < ds.sizes["along_track"] / 10
    True
    """
    site = site_vector(latitude, longitude, radius_km)
    away = apart_km(_place(ds, "The dataset"), site)
    near = away <= radius_km
    if not near.any():
        nearest = np.nanmin(away, initial=np.inf)
        told = f"the nearest is {nearest:,.0f} km away" if nearest < np.inf else "none has a place"
        where = f"within {radius_km:g} km of {place_name(latitude, longitude)}"
        raise ValueError(f"No pixel of the dataset lies {where}: {told}.")
    dims = ds["latitude"].dims
    inside = dict(zip(dims, near.nonzero(), strict=True))
    cut = {dim: slice(int(found.min()), int(found.max()) + 1) for dim, found in inside.items()}
    about = {"long_name": f"distance from {place_name(latitude, longitude)}", "units": "km"}
    return ds.assign_coords(distance_km=(dims, away, about)).isel(cut)


def _place(ds: xr.Dataset, name: str) -> np.ndarray:
    """Return where the pixels of a dataset are, as unit vectors (..., 3)."""
    if not {"latitude", "longitude"} <= set(ds.variables):
        raise ValueError(f"{name} has no place: ask open_granule for latitude and longitude.")
    return on_sphere(ds["longitude"].values, ds["latitude"].values)


def _nearest(places: np.ndarray, track: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the places (m, 3) is nearest to each point (n, 3), and how far it is."""
    known = np.where(np.isfinite(places), places, 0)
    parts = np.array_split(track, len(track) // 500 + 1)  # whole, the products fill the memory
    index = np.concatenate([(points @ known.T).argmax(axis=1) for points in parts])
    return index, apart_km(track, places[index])


def _nadir_column(places: np.ndarray, track: np.ndarray) -> int:
    """Return the column of a swath (lines, columns, 3) that is nearest to a track."""
    some = np.linspace(0, len(places) - 1, 9).astype(int)
    away = np.array([_nearest(track, places[line])[1] for line in some])
    away = np.where(np.isfinite(away), away, np.inf)
    return int(np.median(away, axis=0).argmin())
