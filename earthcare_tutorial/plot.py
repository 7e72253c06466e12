"""Draw variables of a granule so that the figure can be read without the code."""

from __future__ import annotations

import functools
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
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

# How to colour a variable: colour map, logarithmic or not, and limits in the unit shown. All maps
# are even to the eye and can be told apart by colour-blind readers.
STYLES: dict[str, tuple[str, str, float | None, float | None]] = {
    "cloud_water_path": ("viridis", "log", 1, 3000),
    "cloud_optical_thickness": ("viridis", "log", 0.3, 250),
    "cloud_effective_radius": ("viridis", "linear", 0, 60),
    "cloud_top_height": ("cividis", "linear", 0, 18),
    "cloud_top_pressure": ("cividis_r", "linear", 100, 1000),
    "cloud_top_temperature": ("magma_r", "linear", 190, 300),
}

MISSING, OUTSIDE = "#d4d4d4", "#f7f7f7"  # pixels without a value, and where there are no pixels
BAD_QUALITY = 3  # quality_status from which on a retrieval is not to be used
MAX_CELLS = (1500, 400)  # along and across the track; more than a figure can show
MSI_COLUMNS, NADIR_COLUMN = 384, 278  # of a whole MSI line; nadir is straight below the satellite

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plot_swath(
    ds: xr.Dataset,
    variable: str,
    ax: Axes | None = None,
    *,
    axes: Literal["map", "track"] = "map",
    cmap: str | Colormap | None = None,
    norm: Normalize | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    coastlines: bool = True,
    aspect: Literal["auto", "equal"] | float | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a swath variable where it was measured, in units for people, without bad pixels.

    Pixels without a value are light grey, and so are those that ``quality_status`` (where ``ds``
    has it) marks 3 or above; the title says how many. At most about 1500 by 400 pixels are drawn,
    every n-th of a longer swath, because a figure shows no more. A file that says it is synthetic
    is marked so on the figure.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`, with the variable, "latitude" and "longitude" (degrees), all of
        the shape (along_track, across_track); "quality_status" and "time" are used when there.
    variable : str
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.
    axes : {"map", "track"}
        "map" has longitude and latitude as its axes; "track" lays the swath flat, with latitude
        and time along it and the distance from nadir (km, left of the flight is up) across.
    cmap, norm, vmin, vmax : optional
        As in matplotlib; ``vmin`` and ``vmax`` in the unit of the colour bar.
    coastlines : bool
        Draw coastlines on a map (Natural Earth 1:50m).
    aspect : float or {"auto", "equal"}, optional
        As in matplotlib; by default a map has the right proportions at its middle latitude.
    **kwargs
        Passed to matplotlib's ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the mesh (its only collection of that kind) and a colour bar.

    Raises
    ------
    ValueError
        When ``ds`` lacks the variable or its coordinates; lists what there is.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    swath = _read_swath(ds, variable)
    if ax is None:
        size = (5.5, 8.0) if axes == "map" else (11.0, 3.4)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    name, scale = _style(variable, swath.values, norm, vmin, vmax)
    values = swath.values
    low, high = scale.vmin or 0.0, scale.vmax or 0.0
    if isinstance(scale, LogNorm):  # a value of zero is low, not missing
        values = np.maximum(values, low / 10)
    if axes == "map":
        x, y = _edges(swath.longitude), _edges(swath.latitude)
    else:
        x, y, values = _edges(swath.lines), _edges(swath.across_km), values.T
    colours = plt.get_cmap(cmap or name).with_extremes(bad=MISSING)
    look: dict[str, Any] = {"cmap": colours, "norm": scale, "rasterized": True} | kwargs
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(values), **look)
    ax.set_facecolor(OUTSIDE)
    extend = ("neither", "min", "max", "both")[(values < low).any() + 2 * (values > high).any()]
    numbers = "%g" if isinstance(scale, LogNorm) else None
    label = textwrap.fill(swath.label, 24 if axes == "track" else 48)
    ax.figure.colorbar(mesh, ax=ax, label=label, extend=extend, format=numbers)
    if axes == "map":
        _label_map(ax, x, y)
        ax.set_aspect(aspect or 1 / max(0.2, float(np.cos(np.radians(y.mean())))))
        if coastlines:
            _draw_coastlines(ax)
    else:
        _label_track(ax, swath)
        ax.set_aspect(aspect or "auto")
    ax.set_title(swath.title, fontsize="medium")
    if ds.attrs.get("synthetic"):
        mark_synthetic(ax)
    return ax


def mark_synthetic(ax: Axes) -> None:
    """Write on a figure that its data are made up, so that nobody takes it for a measurement."""
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2}
    place: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "va": "bottom", "zorder": 9}
    ax.text(0.98, 0.02, "synthetic data", color="#8a1c1c", fontsize="small", bbox=box, **place)


class _Swath(NamedTuple):
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


def _read_swath(ds: xr.Dataset, variable: str) -> _Swath:
    """Take a variable and its coordinates out of a dataset: scaled, masked, cropped, thinned."""
    drawn = _swath_variable(ds, variable)
    factor, label = _unit(drawn)
    values = _floats(drawn) * factor
    latitude, longitude = _floats(ds["latitude"]), _floats(ds["longitude"])
    title = [_granule_title(ds)]
    if "quality_status" in ds.variables and ds["quality_status"].dims == drawn.dims:
        there = np.isfinite(values)
        bad = there & (_floats(ds["quality_status"]) >= BAD_QUALITY)
        if variable != "quality_status" and there.any():
            values = np.where(bad, np.nan, values)
            share = bad.sum() / there.sum()
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
    return _Swath(
        values[pixels],
        latitude[pixels],
        _without_jumps(longitude[pixels]),
        lines,
        across_km,
        from_nadir,
        ds["time"].values[lines] if "time" in ds.variables else None,
        label,
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


def _floats(data: xr.DataArray) -> Array:
    """Return the values as float, with NaN in place of what netCDF fills gaps with."""
    values = np.asarray(data.values, dtype=float)
    return np.where(np.abs(values) < 9e35, values, np.nan)


def _unit(data: xr.DataArray) -> tuple[float, str]:
    """Return the factor to the unit shown, and "Long name (unit)"."""
    unit, factor = str(data.attrs.get("units", "")), 1.0
    for part, in_file, shown, times in UNITS:
        if part in str(data.name) and unit == in_file:
            unit, factor = shown, times
    unit = re.sub(r"(?<=[a-zA-Z])-?\d", lambda m: m[0].translate(_SUPERSCRIPT), unit)
    name = str(data.attrs.get("long_name") or str(data.name).replace("_", " "))
    unit = "no unit" if unit in ("", "1", "-") else unit
    return factor, f"{name[:1].upper()}{name[1:]} ({unit})"


def _granule_title(ds: xr.Dataset) -> str:
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


def _without_jumps(longitude: Array) -> Array:
    """Let longitudes run on past 180 degrees, so that no pixel spans the whole map."""
    smooth: Array = np.unwrap(np.unwrap(longitude, axis=1, period=360), axis=0, period=360)
    turns: float = np.round(smooth.mean() / 360)
    return smooth - 360 * turns


def _edges(centres: Array) -> Array:
    """Return the corners between pixels, one more than centres along each axis."""
    for axis in range(centres.ndim):
        margin = [(int(n == axis),) * 2 for n in range(centres.ndim)]
        wide = np.moveaxis(np.pad(centres, margin, mode="reflect", reflect_type="odd"), axis, 0)
        centres = np.moveaxis((wide[1:] + wide[:-1]) / 2, 0, axis)
    return centres


def _style(
    variable: str, values: Array, norm: Normalize | None, vmin: float | None, vmax: float | None
) -> tuple[str, Normalize]:
    """Choose the colour map and its limits: by the table, or the middle 98 % of the values."""
    from matplotlib.colors import LogNorm, Normalize

    finite = values[np.isfinite(values)]
    if not finite.size:
        finite = np.array([0.0, 1.0])
    name, kind, low, high = STYLES.get(variable, ("viridis", "linear", None, None))
    if norm is not None:
        norm.autoscale_None(finite)
        return name, norm
    if low is None or high is None:
        low, high = (float(limit) for limit in np.percentile(finite, [1, 99]))
    low, high = low if vmin is None else vmin, high if vmax is None else vmax
    return name, (LogNorm if kind == "log" else Normalize)(low, high if high > low else low + 1)


def _label_map(ax: Axes, x: Array, y: Array) -> None:
    from matplotlib.ticker import MaxNLocator

    height, middle = np.ptp(y), (x.min() + x.max()) / 2
    half = max(np.ptp(x), 0.5 * height / max(0.2, float(np.cos(np.radians(y.mean()))))) / 2
    ax.set_xlim(middle - half, middle + half)  # wide enough to see where on Earth this is
    ax.set_ylim(max(-90, y.min()), min(90, y.max()))
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 3, 5, 10]))
    ax.xaxis.set_major_formatter(lambda value, _: _degrees((value + 180) % 360 - 180, "WE"))
    ax.yaxis.set_major_formatter(lambda value, _: _degrees(value, "SN"))
    ax.set_xlabel("Longitude")
    ax.set_ylabel("Latitude")


def _degrees(value: float, sides: str) -> str:
    value = round(float(value), 6)
    side = "" if value == 0 or abs(value) == 180 else sides[int(value > 0)]
    return f"{abs(value):g}°{side}"


def _label_track(ax: Axes, swath: _Swath) -> None:
    """Write latitude, and time when it is known, below the lines of the swath."""
    from matplotlib.ticker import MaxNLocator

    middle = int(np.abs(swath.across_km).argmin())
    along = swath.latitude[:, middle]
    if (np.diff(along) < 0).all() or (np.diff(along) > 0).all():  # round latitudes, where they are
        rounds = MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(along.min(), along.max())
        rounds = rounds[(rounds >= along.min()) & (rounds <= along.max())]
        ticks = np.array([np.abs(along - value).argmin() for value in rounds])
        labels = [_degrees(value, "SN") for value in rounds]
    else:  # over a pole each latitude comes twice
        ticks = np.linspace(0, len(along) - 1, 7).astype(int)
        labels = [_degrees(float(along[n].round(1)), "SN") for n in ticks]
    known = swath.time is not None and np.issubdtype(swath.time.dtype, np.datetime64)
    if swath.time is not None and known:  # to the minute: seconds depend on leap seconds
        clock = [str(swath.time[n].astype("datetime64[s]"))[11:16] for n in ticks]
        labels = [f"{label}\n{time}" for label, time in zip(labels, clock, strict=True)]
    ax.set_xticks(swath.lines[ticks], labels)
    ax.set_xlabel("Latitude" + (" and time (UTC)" if known else ""))
    ax.set_ylabel(
        "Across track (km from nadir,\nleft of flight up)"
        if swath.from_nadir
        else "Across track (km from\nthe right edge)"
    )


@functools.cache
def _coastlines() -> list[Array]:
    """Read the coastlines that come with the package, as arrays (n, 2) of longitude, latitude."""
    with np.load(Path(__file__).parent / "data" / "coastlines.npz") as file:
        points = file["points"]
    breaks = np.flatnonzero(points[:, 0] < -18000)
    lines = np.split(points, breaks + 1)
    return [line[:-1] / 100.0 for line in lines if len(line) > 2]


def _draw_coastlines(ax: Axes) -> None:
    """Draw the coastlines within the limits of a map, also past 180 degrees."""
    from matplotlib.collections import LineCollection

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    moved = [line + np.array([turn, 0.0]) for line in _coastlines() for turn in (-360, 0, 360)]
    near = [
        line
        for line in moved
        if line[:, 0].min() < east
        and line[:, 0].max() > west
        and line[:, 1].min() < north
        and line[:, 1].max() > south
    ]
    ax.add_collection(LineCollection(near, colors="0.1", linewidths=0.7), autolim=False)
