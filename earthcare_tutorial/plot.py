"""Draw variables of a granule so that the figure can be read without the code."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from earthcare_tutorial._basemap import degrees, draw_coastlines, label_degrees, mark_synthetic
from earthcare_tutorial._swath import Swath, read_swath

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from numpy.typing import NDArray

    Array = NDArray[Any]

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

    swath = read_swath(ds, variable)
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
            draw_coastlines(ax)
    else:
        _label_track(ax, swath)
        ax.set_aspect(aspect or "auto")
    ax.set_title(swath.title, fontsize="medium")
    mark_synthetic(ax, ds)
    return ax


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
    label_degrees(ax)


def _label_track(ax: Axes, swath: Swath) -> None:
    """Write latitude, and time when it is known, below the lines of the swath."""
    from matplotlib.ticker import MaxNLocator

    middle = int(np.abs(swath.across_km).argmin())
    along = swath.latitude[:, middle]
    if (np.diff(along) < 0).all() or (np.diff(along) > 0).all():  # round latitudes, where they are
        rounds = MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(along.min(), along.max())
        rounds = rounds[(rounds >= along.min()) & (rounds <= along.max())]
        ticks = np.array([np.abs(along - value).argmin() for value in rounds])
        labels = [degrees(value, "SN") for value in rounds]
    else:  # over a pole each latitude comes twice
        ticks = np.linspace(0, len(along) - 1, 7).astype(int)
        labels = [degrees(float(along[n].round(1)), "SN") for n in ticks]
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
