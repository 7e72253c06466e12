"""Profiles made ready to draw or to count: their heights, their places along the track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_products.conventions import ELEVATIONS, HEIGHTS, TROPOPAUSES
from earthcare_tutorial._granule import look_of, screen
from earthcare_tutorial._pixels import floats

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Between = tuple[Any, Any]

Along = Literal["latitude", "time"]


class Profiles(NamedTuple):
    """Profiles of a variable: n along the track, m bins, all of which have a height."""

    values: Array  # (n, m), in the unit shown (powers where decibels are shown), NaN where nothing
    height: Array  # (n, m), km
    latitude: Array | None  # (n,), degrees north
    time: Array | None  # (n,), datetime64
    ground: Array | None  # (n,), km
    tropopause: Array | None  # (n,), km
    rows: Array  # (n,), position in the dataset
    bins: Array  # (m,), position in the dataset
    above: str  # what heights are above
    notes: list[str]


def read_profiles(
    ds: xr.Dataset,
    variable: str,
    helper: str,
    along: Along = "latitude",
    between: Between | None = None,
) -> Profiles:
    """Take a variable and its heights out of a dataset: scaled, judged, cut.

    Raises
    ------
    ValueError
        When it is no curtain, when its heights are missing, or when nothing is left.
    """
    height_name = _height_name(ds, variable, helper)
    judged = screen(ds, variable)
    look, values = look_of(ds, variable), floats(judged)
    if look.absent is not None:
        values[values == look.absent] = np.nan
    height = floats(ds[height_name])
    if values.shape != height.shape:
        raise ValueError(
            f"{variable} has the shape {values.shape} and {height_name} {height.shape}: ask"
            " open_granule for both in one call, and cut them together."
        )
    if not len(values):
        raise ValueError(f"{variable} has no profiles: the cut before this left nothing.")
    height /= 1 if ds[height_name].attrs.get("units") == "km" else 1000
    placed = np.isfinite(height)
    if not placed.any():
        raise ValueError(f"All values of {height_name} are missing, so there is no place to draw.")
    notes = [text] if (text := _told(judged)) else []
    rows = placed.any(axis=1)
    if lost := int((np.isfinite(values).any(axis=1) & ~rows).sum()):
        notes.append(f"{lost} profiles without heights are not drawn")
    latitude, time = _along(ds, "latitude", height), _along(ds, "time", height)
    rows &= _chosen(along, between, latitude, time)
    bins = np.flatnonzero(placed[rows].any(axis=0))
    index = np.flatnonzero(rows)
    if not len(index):
        raise ValueError(f"There is no profile between {_said(between)}: {_reach(latitude, time)}.")
    cut = np.ix_(index, bins)
    values, height = values[cut], _filled(height[cut])
    values[~placed[cut]] = np.nan

    def line(names: tuple[str, ...]) -> Array | None:
        found = [name for name in names if name in ds.variables]
        told = _along(ds, found[0], placed) if found else None
        if told is None or not found:
            return None
        return told[index] / (1 if ds[found[0]].attrs.get("units") == "km" else 1000)

    return Profiles(
        values * look.factor,
        height,
        None if latitude is None else latitude[index],
        None if time is None else time[index],
        line(ELEVATIONS),
        line(TROPOPAUSES),
        index,
        bins,
        "sea level" if "vertical_reference" in ds[height_name].attrs else "ellipsoid",
        notes,
    )


def _height_name(ds: xr.Dataset, variable: str, helper: str) -> str:
    """Name the heights of the bins of a variable, or say what is missing or wrong."""
    if variable not in ds.variables:
        known = [str(name) for name in ds.data_vars if ds[name].ndim == 2]
        raise ValueError(f"There is no {variable!r}, only {', '.join(known) or 'no curtain'}.")
    data = ds[variable]
    if "latitude" in ds.variables and ds["latitude"].ndim == 2 and data.ndim >= 2:
        raise ValueError(
            f"{variable} has a latitude for each pixel: this is a swath, plot_swath draws it."
        )
    if data.ndim != 2:
        many = ", ".join(f"{dim}={size}" for dim, size in data.sizes.items())
        hint = (
            "one value for each profile, so plot it with ax.plot"
            if data.ndim == 1
            else "choose one of each other dimension with ds.isel"
        )
        raise ValueError(f"{variable} is no curtain, but ({many}): {hint}.")
    found = [name for name in HEIGHTS if name in ds.variables and ds[name].ndim == 2]
    if not found:
        raise ValueError(
            f"{helper} needs the height of each bin, which is not in the dataset: ask open_granule"
            f" for {variable!r}, 'height', 'latitude' and 'time' (in JAXA's L1 'binHeight', in"
            " ATL_NOM_1B 'sample_altitude')."
        )
    return found[0]


def _told(judged: xr.DataArray) -> str:
    """Say what its quality took away, unless that is nothing."""
    told = str(judged.attrs.get("left_out", ""))
    return "" if told.startswith("0.0%") else told


def _along(ds: xr.Dataset, name: str, like: Array) -> Array | None:
    """Return one value for each profile, or None where the dataset has none."""
    if name not in ds.variables or ds[name].shape != like.shape[:1]:
        return None
    values = ds[name].values
    if values.dtype.kind == "M":
        return np.asarray(values)
    return None if name == "time" else floats(ds[name])


def _chosen(
    along: Along, between: Between | None, latitude: Array | None, time: Array | None
) -> Array:
    """Mark the profiles between two latitudes or two times; all of them when not asked."""
    if along not in ("latitude", "time"):
        raise ValueError(f"along={along!r} is neither 'latitude' nor 'time'.")
    where = latitude if along == "latitude" else time
    if where is None and (along == "time" or between is not None):
        raise ValueError(f"The dataset has no {along}: ask open_granule for it too.")
    if where is None or between is None:
        return np.asarray(True)
    if along == "time":
        ends = np.array([str(each).removesuffix("Z") for each in between], "datetime64[ns]")
    else:
        ends = np.array(between, dtype=float)
    inside: Array = (where >= ends.min()) & (where <= ends.max())
    passes = int((np.diff(inside.astype(int)) == 1).sum() + inside[0]) if len(inside) else 0
    if passes > 1:
        raise ValueError(
            f"The track crosses {_said(between)} {passes} times, near a pole: say"
            " along='time', and between which times."
        )
    return inside


def _said(between: Between | None) -> str:
    return " and ".join(map(str, between or ()))


def _reach(latitude: Array | None, time: Array | None) -> str:
    """Say where the profiles are."""
    told = []
    if latitude is not None:
        told.append(f"latitudes run from {np.nanmin(latitude):.1f} to {np.nanmax(latitude):.1f}")
    if time is not None:
        told.append(f"times from {str(time.min())[:19]} to {str(time.max())[:19]}")
    return " and ".join(told)


def _filled(height: Array) -> Array:
    """Bridge single heights that are missing in bins that have some; they only shape corners."""
    every = np.arange(len(height))
    for column in height.T[np.isnan(height).any(axis=0)]:
        known = np.flatnonzero(np.isfinite(column))
        column[:] = np.interp(every, known, column[known])
    return height
