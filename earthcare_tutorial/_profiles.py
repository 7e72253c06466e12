"""Profiles made ready to draw or to count: their heights, their places along the track."""

from __future__ import annotations

from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_products.conventions import ELEVATIONS, HEIGHTS, TROPOPAUSES
from earthcare_tutorial._granule import floats, left_out, look_of, screen, whole_dataset

if TYPE_CHECKING:
    import xarray as xr

    Between = tuple[Any, Any]

Along = Literal["latitude", "time"]


class Profiles(NamedTuple):
    """Profiles of a variable: n along the track, m bins, all of which have a height."""

    values: np.ndarray  # (n, m), in the unit shown; powers where these are decibels
    height: np.ndarray  # (n, m), km
    latitude: np.ndarray | None  # (n,), degrees north
    time: np.ndarray | None  # (n,), datetime64
    ground: np.ndarray | None  # (n,), km
    tropopause: np.ndarray | None  # (n,), km
    rows: np.ndarray  # (n,), position in the dataset
    bins: np.ndarray  # (m,), position in the dataset
    above: str  # what heights are above
    notes: list[str]


def read_profiles(
    ds: xr.Dataset,
    variable: str,
    helper: str,
    along: Along = "latitude",
    between: Between | None = None,
) -> Profiles:
    """Take a variable and its heights out of a dataset: scaled, judged, cut; ``helper`` asks."""
    height_name = _height_name(ds, variable, helper)
    judged = screen(ds, variable)
    look, values = look_of(ds, variable), floats(judged)
    if look.absent is not None:
        values[values == look.absent] = np.nan
    height = _km(ds, height_name)
    if values.shape != height.shape:
        raise ValueError(
            f"{variable} has the shape {values.shape} and {height_name} {height.shape}: ask"
            " open_granule for both in one call, and cut them together."
        )
    if not len(values):
        raise ValueError(f"{variable} has no profiles: the cut before this left nothing.")
    placed = np.isfinite(height)
    if not placed.any():
        raise ValueError(f"All values of {height_name} are missing, so there is no place to draw.")
    notes, rows = [left_out(judged)], placed.any(axis=1)
    if lost := int((np.isfinite(values).any(axis=1) & ~rows).sum()):
        notes.append(f"{lost} profiles without heights are not drawn")
    latitude, time = (_along(ds, name, len(rows)) for name in ("latitude", "time"))
    index = np.flatnonzero(rows & _chosen(along, between, latitude, time))
    if not len(index):
        raise ValueError(f"There is no profile between {_said(between)}: {_reach(latitude, time)}.")
    bins = np.flatnonzero(placed[index].any(axis=0))
    cut = np.ix_(index, bins)
    values, height = values[cut], height[cut]
    values[~placed[cut]] = np.nan
    for n in np.flatnonzero(~placed[cut].all(axis=0)):  # single heights, which only shape corners
        known = np.flatnonzero(placed[cut][:, n])
        height[:, n] = np.interp(np.arange(len(index)), known, height[known, n])
    if look.averaged == "linear" and not look.decibel:
        values = 10 ** (values / 10)

    def line(names: tuple[str, ...]) -> np.ndarray | None:
        found = [name for name in names if _along(ds, name, len(rows)) is not None]
        return _km(ds, found[0])[index] if found else None

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


def decibels(powers: np.ndarray) -> np.ndarray:
    """Return 10 log10, NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = 10 * np.log10(powers)
    return np.where(np.isfinite(shown), shown, np.nan)


def _km(ds: xr.Dataset, name: str) -> np.ndarray:
    return floats(ds[name]) / (1 if ds[name].attrs.get("units") == "km" else 1000)


def _height_name(ds: xr.Dataset, variable: str, helper: str) -> str:
    """Name the heights of the bins of a variable, or say what is missing or wrong."""
    whole_dataset(ds)
    if variable not in ds.variables:
        known = [str(name) for name in ds.data_vars if ds[name].ndim == 2]
        raise ValueError(f"There is no {short(variable)}, only {', '.join(known) or 'no curtain'}.")
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
            f" for {short(variable)}, 'height', 'latitude' and 'time' (in JAXA's L1 'binHeight', in"
            " ATL_NOM_1B 'sample_altitude')."
        )
    return found[0]


def _along(ds: xr.Dataset, name: str, count: int) -> np.ndarray | None:
    """Return one value for each profile, or None where the dataset has none."""
    if name not in ds.variables or ds[name].shape != (count,):
        return None
    is_time = ds[name].dtype.kind == "M"
    if is_time != (name == "time"):
        return None
    return np.asarray(ds[name].values) if is_time else floats(ds[name])


def _chosen(
    along: Along, between: Between | None, latitude: np.ndarray | None, time: np.ndarray | None
) -> np.ndarray:
    """Mark the profiles between two latitudes or two times; all of them when not asked."""
    if along not in ("latitude", "time"):
        raise ValueError(f"along={short(along)} is neither 'latitude' nor 'time'.")
    where = latitude if along == "latitude" else time
    if where is None and (along == "time" or between is not None):
        raise ValueError(f"The dataset has no {along}: ask open_granule for it too.")
    if where is None or between is None:
        return np.asarray(True)
    try:
        if along == "time":
            ends = np.array([str(each).removesuffix("Z") for each in between], "datetime64[ns]")
        else:
            ends = np.array(between, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"between={short(between)} is no pair of {along}s.") from None
    inside: np.ndarray = (where >= ends.min()) & (where <= ends.max())
    passes = int((np.diff(np.r_[0, inside]) == 1).sum())
    if passes > 1:
        raise ValueError(
            f"The track crosses {_said(between)} {passes} times, near a pole: say"
            " along='time', and between which times."
        )
    return inside


def _said(between: Between | None) -> str:
    return " and ".join(map(str, between or ()))


def _reach(latitude: np.ndarray | None, time: np.ndarray | None) -> str:
    """Say where the profiles are."""
    told = []
    if latitude is not None:
        told.append(f"latitudes run from {np.nanmin(latitude):.1f} to {np.nanmax(latitude):.1f}")
    if time is not None:
        told.append(f"times from {str(time.min())[:19]} to {str(time.max())[:19]}")
    return " and ".join(told)
