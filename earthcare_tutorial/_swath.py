"""Make a swath ready to draw or to count: placed, in units for people, without bad pixels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]

# Units for people: variables whose name contains this, unit in the file, unit shown, factor.
UNITS = (
    ("water_path", "kg m-2", "g m-2", 1e3),
    ("effective_radius", "m", "µm", 1e6),
    ("height", "m", "km", 1e-3),
    ("elevation", "m", "km", 1e-3),
    ("pressure", "Pa", "hPa", 1e-2),
)

MAX_QUALITY = 2  # the largest quality_status of a retrieval that is to be used
MAX_CELLS = (1500, 400)  # along and across the track; more than a figure can show
MSI_COLUMNS, NADIR_COLUMN = 384, 278  # of a whole MSI line; nadir is straight below the satellite

UNTOUCHED = ("latitude", "longitude", "quality_status")  # no bad pixels, no other unit

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def prepare_swath(ds: xr.Dataset, max_quality: int = MAX_QUALITY) -> xr.Dataset:
    """Make the variables of a swath ready to count: bad pixels out, units for people.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`; "quality_status" is used when it is there.
    max_quality : int
        The largest ``quality_status`` that is kept. For M-COP, 0 is good, 1 moderate, 2 degraded,
        3 bad.

    Returns
    -------
    xarray.Dataset
        A copy. Water paths are in g m-2, effective radii in µm, heights in km, pressures in hPa,
        as their attribute "units" says. Pixels without a value, or of worse quality, are NaN; the
        attribute "left_out" is the share of the retrieved pixels that their quality took away.
    """
    clean = ds.copy()
    for name in map(str, ds.data_vars):
        data = ds[name]
        if name in UNTOUCHED or data.ndim != 2 or data.dtype.kind != "f":
            continue
        values, share = screen(ds, name, max_quality)
        attrs = data.attrs | {"units": unit_shown(data)[1]}
        if share is not None:
            attrs["left_out"] = share
        clean[name] = (data.dims, values.astype(data.dtype), attrs)
    return clean


def screen(
    ds: xr.Dataset, variable: str, max_quality: int = MAX_QUALITY
) -> tuple[Array, float | None]:
    """Return values in the unit shown, NaN where bad, and the share of retrieved ones left out."""
    data = ds[variable]
    values = floats(data) * unit_shown(data)[0]
    if "left_out" in data.attrs:  # by prepare_swath
        return values, float(data.attrs["left_out"])
    known = "quality_status" in ds.variables and ds["quality_status"].dims == data.dims
    if not known or variable == "quality_status":
        return values, None
    there = np.isfinite(values)
    bad = there & (floats(ds["quality_status"]) > max_quality)
    share = float(bad.sum() / there.sum()) if there.any() else None
    return np.where(bad, np.nan, values), share


class Swath(NamedTuple):
    """A swath made ready to draw; ``values`` are in the unit shown, NaN where there is nothing."""

    values: Array  # (line, column)
    latitude: Array  # (line, column), degrees north
    longitude: Array  # (line, column), degrees east, without jumps
    lines: Array  # (line,), position in the dataset
    across_km: Array  # (column,), from nadir, positive left of the flight
    from_nadir: bool  # False when nadir is unknown: then from the right edge
    time: Array | None  # (line,)
    label: str
    title: str


def read_swath(ds: xr.Dataset, variable: str) -> Swath:
    """Take a variable and its coordinates out of a dataset: scaled, masked, cropped, thinned."""
    drawn = _swath_variable(ds, variable)
    values, share = screen(ds, variable)
    latitude, longitude = floats(ds["latitude"]), floats(ds["longitude"])
    title = [granule_title(ds)]
    if share is not None:
        shown = "under 0.1%" if 0 < share < 0.001 else f"{share:.1%}"
        title.append(f"{shown} of the retrieved pixels left out as bad")
    # Each line has a few columns without a place on Earth, where the detector sees nothing.
    placed = np.isfinite(latitude) & np.isfinite(longitude)
    columns = np.flatnonzero(placed.mean(axis=0) > 0.5)
    lines = np.flatnonzero(placed[:, columns].all(axis=1))
    if len(columns) < 2 or len(lines) < 2:
        raise ValueError(f"{variable} has no pixels with a latitude and a longitude to draw.")
    across_km = _across_km(latitude, longitude, lines[len(lines) // 2], columns)
    from_nadir = values.shape[1] == MSI_COLUMNS
    across_km -= np.interp(NADIR_COLUMN, columns, across_km) if from_nadir else across_km[-1]
    step = [
        int(np.ceil(len(n) / limit)) for n, limit in zip((lines, columns), MAX_CELLS, strict=True)
    ]
    lines, columns, across_km = lines[:: step[0]], columns[:: step[1]], across_km[:: step[1]]
    pixels = np.ix_(lines, columns)
    return Swath(
        values[pixels],
        latitude[pixels],
        without_jumps(longitude[pixels]),
        lines,
        across_km,
        from_nadir,
        ds["time"].values[lines] if "time" in ds.variables else None,
        label(drawn),
        "\n".join(line for line in title if line),
    )


def _swath_variable(ds: xr.Dataset, variable: str) -> xr.DataArray:
    """Return the variable, or say what is missing to draw it."""
    known = [str(name) for name in ds.variables if ds[name].ndim == 2]
    if variable not in known:
        raise ValueError(
            f"There is no swath variable {variable!r}, only {', '.join(known) or 'none at all'}."
        )
    for name in ("latitude", "longitude"):
        if name not in ds.variables or ds[name].dims != ds[variable].dims:
            raise ValueError(
                f"The dataset has no {name} of each pixel: ask open_granule for the variables"
                f" {variable!r}, 'latitude' and 'longitude'."
            )
    return ds[variable]


def floats(data: xr.DataArray) -> Array:
    """Return the values as float, with NaN in place of what netCDF fills gaps with."""
    values = np.asarray(data.values, dtype=float)
    return np.where(np.abs(values) < 9e35, values, np.nan)


def unit_shown(data: xr.DataArray) -> tuple[float, str]:
    """Return the factor to the unit shown, and that unit."""
    unit, factor = str(data.attrs.get("units", "")), 1.0
    for part, in_file, shown, times in UNITS:
        if part in str(data.name) and unit == in_file:
            unit, factor = shown, times
    return factor, unit


def label(data: xr.DataArray) -> str:
    """Return "Long name (unit)" for the unit shown."""
    unit = unit_shown(data)[1]
    unit = re.sub(r"(?<=[a-zA-Z])-?\d", lambda m: m[0].translate(_SUPERSCRIPT), unit)
    name = str(data.attrs.get("long_name") or str(data.name).replace("_", " "))
    unit = "no unit" if unit in ("", "1", "-") else unit
    return f"{name[:1].upper()}{name[1:]} ({unit})"


def granule_title(ds: xr.Dataset) -> str:
    """Return "product orbit and frame, date", or nothing when the dataset does not know."""
    name = str(ds.encoding.get("source", "")).rpartition("/")[2]
    if not name.startswith("ECA_"):
        return ""
    told = identify(name)
    return f"{told.file_type} {told.orbit_and_frame}, {told.start_time:%Y-%m-%d}"


def _across_km(latitude: Array, longitude: Array, line: int, columns: Array) -> Array:
    """Measure one line: distance of its columns to the first one, negative (km)."""
    lat, lon = np.radians(latitude[line, columns]), np.radians(longitude[line, columns])
    half = np.sin(np.diff(lat) / 2) ** 2
    half += np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    return np.concatenate([[0.0], -np.cumsum(2 * 6371.0 * np.arcsin(np.sqrt(half)))])


def without_jumps(longitude: Array) -> Array:
    """Let longitudes run on past 180 degrees, so that no pixel spans the whole map."""
    smooth: Array = np.unwrap(np.unwrap(longitude, axis=1, period=360), axis=0, period=360)
    turns: float = np.round(smooth.mean() / 360)
    return smooth - 360 * turns
