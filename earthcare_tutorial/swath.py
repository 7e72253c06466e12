"""Draw a swath so that the figure can be read without the code."""

from __future__ import annotations

import textwrap
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_products.msi_grid import NADIR
from earthcare_tutorial import _cells, basemap
from earthcare_tutorial._granule import (
    floats,
    granule_title,
    label,
    left_out,
    legend_of,
    look_of,
    screen,
    whole_dataset,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

    from earthcare_products.classes import ClassInfo

MAX_CELLS = (1500, 400)  # along and across the track; more than a figure can show
_PLACES = ("latitude", "longitude")
OUTSIDE = "#f0f0f0"  # where there are no pixels


def plot_swath(
    ds: xr.Dataset,
    variable: str,
    ax: Axes | None = None,
    *,
    view: Literal["map", "track"] = "map",
    cmap: str | Colormap | None = None,
    norm: str | Normalize | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a swath variable where it was measured, in units for people, without bad pixels.

    Quantities get a colour bar, classes and flags their own colours and a legend. Pixels without a
    value are hatched, and so are those that the flag of the variable marks as bad; the title says
    how many. A long swath is averaged to about 1500 by 400 cells, over the pixels with a value (of
    classes, the most frequent one is shown). A file that says it is synthetic is marked so.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`, with the variable, "latitude" and "longitude" (degrees), all of
        the shape (along_track, across_track); the flag of its quality and "time" are used when
        they are there. Parts may be cut out, also with ``where``.
    variable : str
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.
    view : {"map", "track"}
        "map" has longitude and latitude as its axes, and coastlines (Natural Earth 1:50m), with
        the right proportions at its middle latitude; "track" lays the swath flat, with latitude
        and time along it and the distance right of nadir (km, left of the flight is up) across.
    cmap, norm, vmin, vmax : optional
        As in matplotlib; ``vmin`` and ``vmax`` in the unit of the colour bar.
    **kwargs
        Passed to matplotlib's ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the mesh (its only collection of that kind).

    Raises
    ------
    ValueError
        When ``ds`` lacks the variable or its coordinates, when limits contradict each other, or
        for axes of a map projection.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> needs = ["latitude", "longitude", "cloud_top_height", "quality_status"]
    >>> ax = ect.plot_swath(ect.open_granule(item, ect.login(), needs), "cloud_top_height")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('Longitude', 'Latitude')
    """
    import matplotlib.pyplot as plt

    if view not in ("map", "track"):
        raise ValueError(
            f"view={short(view)} is neither 'map' nor 'track'; plot_map looks at a pole."
        )
    swath, is_map = _read(ds, variable), view == "map"
    limits = {"norm": norm, "vmin": vmin, "vmax": vmax}
    drawn, colours, note = _cells.paint(
        swath.values, look_of(ds, variable), swath.classes, limits, cmap
    )
    if ax is None:
        size = (5.5, 8.0) if is_map else (11.0, 3.4)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    basemap.plain_axes(ax, "plot_swath", kwargs)
    x, y = (swath.longitude, swath.latitude) if is_map else np.meshgrid(swath.lines, swath.across)
    cells = np.ma.masked_invalid(drawn if is_map else drawn.T)
    mesh = ax.pcolormesh(x, y, cells, **{"rasterized": True} | colours | kwargs)
    ax.set_facecolor(OUTSIDE)
    if is_map:
        _label_map(ax, swath)
        ax.set_aspect(1 / max(0.2, float(np.cos(np.radians(np.mean(ax.get_ylim()))))))
        basemap.draw_coastlines(ax)
    else:
        lines = swath.lines[0] + 0.5 + np.arange(len(swath.track))
        _cells.label_track(ax, lines, swath.track, swath.time)
        ax.set_ylim(swath.across.max(), swath.across.min())
        ax.set_ylabel("Right of nadir\n(km)" if swath.from_nadir else "Column")
    if swath.classes is None:
        fill, width, thick = (textwrap.fill, 48, 0.05) if is_map else (basemap.in_lines, 20, 0.015)
        _cells.colour_bar(ax, mesh, (1.02, 0, thick, 1), fill(label(ds, variable), width))
    _explain(ax, x, y, swath)
    told = [granule_title(ds), *swath.notes, note]
    wide = 46 if is_map else 100
    ax.set_title("\n".join(textwrap.fill(n, wide) for n in told if n), fontsize="medium")
    basemap.mark_synthetic(ax, ds)
    return ax


def _explain(ax: Axes, x: np.ndarray, y: np.ndarray, swath: Swath) -> None:
    """Hatch what the mesh leaves open, and name it and the classes."""
    handles = _cells.patches(swath.classes or {})
    if np.isnan(swath.values).any():
        ring = [np.r_[edge[0], edge[1:, -1], edge[-1, -2::-1], edge[-2:0:-1, 0]] for edge in (x, y)]
        look: dict[str, Any] = _cells.HATCHED
        ax.fill(*ring, zorder=0.5, linewidth=0, **look)
        handles.append(_cells.patch("no value", **look))
    if handles:
        place = (1.01, 1.0) if swath.classes else (1.0, 0.0)  # below a colour bar
        look = {"loc": "upper left", "frameon": False, "fontsize": "small"}
        ax.legend(handles=handles, bbox_to_anchor=place, **look)


class Swath(NamedTuple):
    """A swath made ready to draw: m by n cells, and the corners and edges between them."""

    values: np.ndarray  # (m, n), in the unit shown, NaN where there is nothing
    longitude: np.ndarray  # (m + 1, n + 1), degrees east, without jumps
    latitude: np.ndarray  # (m + 1, n + 1), degrees north
    lines: np.ndarray  # (m + 1,), position in the dataset
    across: np.ndarray  # (n + 1,), km right of nadir, or column where nadir is not known
    from_nadir: bool
    limits: tuple[float, float, float, float]  # west, east, south, north of what has a place
    track: np.ndarray  # (line,), latitude at nadir or else in the middle
    time: np.ndarray | None  # (line,)
    notes: list[str]
    classes: dict[int, ClassInfo] | None  # by code


def _read(ds: xr.Dataset, variable: str) -> Swath:
    """Take a variable and its places out of a dataset: scaled, judged, cut to what has a place."""
    ds = ds.transpose(*_dims(ds, variable), ...)
    judged = screen(ds, variable)
    known = "quality_kept" in ds[variable].attrs  # then the shares are of what it was cut from
    notes = [f"only {judged.attrs['quality_kept']}" if known else left_out(judged)]
    values = floats(judged) * look_of(ds, variable).factor
    latitude, longitude = floats(ds["latitude"]), floats(ds["longitude"])
    placed = np.isfinite(latitude) & np.isfinite(longitude)
    if lost := int((np.isfinite(values) & ~placed).sum()):
        notes.append(f"{lost} pixels with a value have no latitude and longitude: not drawn")
    if not placed.any():
        raise ValueError(f"{variable} has no pixels with a latitude and a longitude to draw.")
    lines, columns = (np.flatnonzero(placed.any(axis=axis)) for axis in (1, 0))
    cut = slice(lines[0], lines[-1] + 1), slice(columns[0], columns[-1] + 1)
    longitude, latitude = _fill_places(longitude[cut], latitude[cut])
    where, placed = values[cut], placed[cut]
    step = (-(-where.shape[0] // MAX_CELLS[0]), -(-where.shape[1] // MAX_CELLS[1]))
    classes = _cells.present(legend_of(ds, variable, where), where)
    time = (ds["time"] if "time" in ds.variables else ds["latitude"]).values
    time = np.fmax.reduce(time, axis=1) if time.ndim > 1 else time  # `where` gave each pixel one
    nadir, pitch = NADIR.get(values.shape[1], (0, 0.0))
    across = np.arange(cut[1].start, cut[1].stop, dtype=float)
    middle = int(np.clip(nadir - cut[1].start, 0, len(across) - 1)) if pitch else len(across) // 2
    east, north = longitude[placed], latitude[placed]
    return Swath(
        (_cells.block_mean if classes is None else _cells.block_mode)(where, step),
        _cells.edges(longitude, step),
        _cells.edges(latitude, step),
        _cells.edges(np.arange(cut[0].start, cut[0].stop, dtype=float), step[:1]),
        _cells.edges((across - nadir) * pitch if pitch else across, step[1:]),
        bool(pitch),
        (east.min(), east.max(), north.min(), north.max()),
        latitude[:, middle],
        time[cut[0]] if np.issubdtype(time.dtype, np.datetime64) else None,
        notes,
        classes,
    )


def _fill_places(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give a place to pixels (line, column) that have none, so that the others have corners.

    Lines go on as they end, and gaps in them are bridged; then columns. Longitude has no jumps.
    """
    turn = np.exp(1j * np.radians(longitude))
    points = np.stack([turn.real, turn.imag, latitude])
    points[:, ~np.isfinite(points).all(axis=0)] = np.nan
    for axis in (1, 2, 1):
        for row in np.flatnonzero(np.isnan(points[2]).any(axis=2 - axis)):
            _continue(points[:, row] if axis == 1 else points[:, :, row])
    if min(latitude.shape) < 2 or np.isnan(points).any():
        raise ValueError(
            f"{np.isfinite(latitude).sum()} pixels with a place are too few to draw: each needs a"
            " neighbour along and across the track, to know how large it is."
        )
    east = np.degrees(np.arctan2(points[1], points[0]))
    east = np.unwrap(np.unwrap(east, axis=1, period=360), axis=0, period=360)
    return east - 360 * np.round(np.nanmean(east) / 360), points[2]


def _continue(row: np.ndarray) -> None:
    """Fill the gaps of a row (3, n) in place, from at least two points."""
    known, n = np.flatnonzero(np.isfinite(row[2])), row.shape[1]
    if len(known) < 2:
        return
    beyond = np.r_[known[0] - n, known, known[-1] + n]
    for part in row:
        ends = part[known[[0, -1]]]
        slope = (part[known[[1, -1]]] - part[known[[0, -2]]]) / np.diff(known)[[0, -1]]
        ends = ends + slope * [-n, n]
        part[:] = np.interp(np.arange(n), beyond, np.r_[ends[0], part[known], ends[1]])


def _dims(ds: xr.Dataset, variable: str) -> tuple[str, str]:
    """Return the dimensions along and across the track, or say what is missing to draw it."""
    whole_dataset(ds)
    known = [str(name) for name in ds.data_vars if ds[name].ndim >= 2 and name not in _PLACES]
    if variable not in ds.variables or ds[variable].ndim < 2:
        raise ValueError(
            f"There is no swath variable {short(variable)}, only"
            f" {', '.join(known) or 'none at all'}."
        )
    for name in _PLACES:
        if name not in ds.variables:
            raise ValueError(
                f"The dataset has no {name} of each pixel: ask open_granule for the variables"
                f" {short(variable)}, 'latitude' and 'longitude'."
            )
    if ds["latitude"].ndim == 1:
        raise ValueError(
            f"{variable} has one latitude for each profile: this is a curtain, plot_curtain"
            " draws it."
        )
    more = set(ds[variable].dims) - set(ds["latitude"].dims)
    if more or set(ds["longitude"].dims) != set(ds[variable].dims):
        extra = ", ".join(f"{dim}={ds.sizes[dim] - 1}" for dim in sorted(map(str, more)))
        raise ValueError(
            f"{variable} and its latitude and longitude have different dimensions; choose one of"
            f" each other dimension, such as ds.isel({extra or '...'})."
        )
    along, across = sorted(map(str, ds["latitude"].dims), key=lambda dim: dim == "across_track")
    return along, across


def _label_map(ax: Axes, swath: Swath) -> None:
    from matplotlib.ticker import MaxNLocator

    west, east, south, north = swath.limits
    height, middle = north - south, (west + east) / 2
    narrow = max(0.2, float(np.cos(np.radians((south + north) / 2))))
    half = max(east - west, 0.5 * height / narrow) / 2 + 0.01
    ax.set_xlim(middle - half, middle + half)  # wide enough to see where on Earth this is
    ax.set_ylim(max(-90, south - 0.01), min(90, north + 0.01))
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 3, 5, 10]))
    basemap.label_degrees(ax)
