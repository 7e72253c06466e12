"""Draw profiles along the track as a curtain, at the heights where they were measured."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_tutorial._colours import (
    class_colours,
    colour_bar,
    colour_scale,
    in_lines,
    legend_of,
    numbered,
)
from earthcare_tutorial._granule import granule_title, label, look_of
from earthcare_tutorial._pixels import block_mean, block_mode, edges, floats
from earthcare_tutorial._profiles import Profiles, read_profiles
from earthcare_tutorial.basemap import degrees, mark_synthetic

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from numpy.typing import NDArray

    from earthcare_tutorial._profiles import Along, Between

    Array = NDArray[Any]

MAX_PROFILES = 1500  # more than a figure can show
FLOOR_KM = -0.5
NAMES_PER_INCH = 7  # in one column of a legend
CLEAR, NO_VALUE, ATTENUATED, GROUND = "white", "#d8d8d8", "#9a9a9a", "#5c4a3d"


def plot_curtain(
    ds: xr.Dataset,
    variable: str,
    ax: Axes | None = None,
    *,
    top_km: float = 20.0,
    along: Along = "latitude",
    between: Between | None = None,
    cmap: str | Colormap | None = None,
    norm: str | Normalize | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a curtain: profiles along the track, each value at its own height.

    Quantities get a colour bar, classes their own colours and a legend. More profiles than a figure
    can show are averaged, over those with a value: reflectivity as the power that it stands for,
    everything else as it is; of classes, the most frequent one is shown. Clear air is white, where
    a classification in ``ds`` says so and where a logarithmic scale has no place for a 0. What has
    no value is grey, beside classes hatched. Where the classification says that the signal is
    attenuated, a darker veil lies over the figure; clutter that it names is hatched. The ground is
    filled and the tropopause dashed, where ``ds`` has them. A synthetic file is marked so.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`: the variable and "height" (m above the ellipsoid), both of the
        shape (along_track, height), and "latitude" and "time" of each profile. The flag of the
        variable's quality, "elevation" or "surface_elevation", "tropopause_height" and a
        classification are used when they are there.
    variable : str
        What to draw.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.
    top_km : float
        Height at which the figure ends, in km above the ellipsoid.
    along : {"latitude", "time"}
        What the axis along the track shows, in the direction of flight. Near a pole, where each
        latitude comes twice, "latitude" puts latitudes beside the times.
    between : tuple, optional
        Two latitudes (degrees north), or with ``along="time"`` two times (UTC), to zoom in to.
    cmap, norm, vmin, vmax : optional
        As in matplotlib; ``vmin`` and ``vmax`` in the unit of the colour bar.
    **kwargs
        Passed to matplotlib's ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes
        The first of its collections is the mesh.

    Raises
    ------
    ValueError
        When ``ds`` holds a swath, or lacks the variable, its heights or the places along the track.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> shape = ("along_track", "JSG_height")
    >>> ds = xr.Dataset(
    ...     {
    ...         "ice_water_content": (shape, np.full((3, 2), 1e-4), {"units": "kg m-3"}),
    ...         "height": (shape, np.full((3, 2), [9e3, 8e3]), {"units": "m"}),
    ...         "latitude": ("along_track", [2.0, 1.0, 0.0]),
    ...     }
    ... )
    >>> plot_curtain(ds, "ice_water_content").get_xlabel()
    'Latitude'
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Patch

    profiles = read_profiles(ds, variable, "plot_curtain", along, between)
    look = look_of(ds, variable)
    place, kind = _place(profiles, along)
    classes = class_colours(ds, variable, profiles.values)
    step = (-(-len(profiles.rows) // MAX_PROFILES), 1)
    near = _near(profiles.height, top_km)
    values, height = profiles.values[:, near], profiles.height[:, near]
    power = look.averaged == "linear" and not look.decibel
    values = (
        block_mean(values, step, decibel=power) if classes is None else block_mode(values, step)
    )
    notes = [granule_title(ds), *profiles.notes]
    if look.decibel:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 10 * np.log10(values)
        values[~np.isfinite(values)] = np.nan
    if classes is None:
        scale, note = colour_scale(look, values, norm, vmin, vmax)
        notes.append(note)
        drawn = values
        if isinstance(scale, LogNorm):  # noise below 0 is low; 0 says that there is nothing
            low = float(scale.vmin or 0.0) / 10
            drawn = np.where(values == 0, np.nan, np.maximum(values, low))
        colours = plt.get_cmap(cmap or look.colours)
    else:
        drawn, colours, scale = numbered(classes, values)
    if ax is None:
        ax = plt.subplots(figsize=(11.0, 3.6), layout="constrained")[1]
    x, y = edges(place, step[:1]), edges(height, step)
    x = np.broadcast_to(x[:, None], y.shape)
    shown: dict[str, Any] = {"cmap": colours, "norm": scale, "rasterized": True} | kwargs
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(drawn), **shown)
    hatched: dict[str, Any] = {"facecolor": NO_VALUE, "edgecolor": "0.5", "linewidth": 0}
    if classes is not None:  # some classes are grey themselves
        hatched |= {"facecolor": "white", "edgecolor": "0.72", "hatch": "////"}
    ax.patch.set(**hatched)
    handles = [_patch(name, colour) for _, (name, colour) in sorted((classes or {}).items())]
    roles = dict.fromkeys(("clear", "attenuated", "clutter"), np.zeros(values.shape, bool))
    if classes is None:
        roles |= _roles(ds, profiles, near, step)
        handles += _mark(ax, roles, values, drawn, x, y)
    if (np.isnan(values) & ~roles["clear"] & ~roles["attenuated"]).any():
        handles.append(Patch(label="no value", **hatched | {"linewidth": 0.5}))
    handles += _draw_lines(ax, place, profiles)
    _label_axes(ax, place, kind, profiles, top_km)
    spot: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.005, 0.5)}
    if classes is None:
        foot = 0.36 if handles else 0.0  # room for the legend below the bar
        bar = colour_bar(ax, mesh, (1.015, foot, 0.014, 1 - foot), in_lines(label(ds, variable)))
        bar.ax.yaxis.label.set_size("small")
        spot = {"loc": "upper left", "bbox_to_anchor": (1.0, foot - 0.06)}
    if handles:
        columns = 1 + (len(handles) > NAMES_PER_INCH * ax.bbox.height / ax.figure.dpi)
        ax.legend(handles=handles, ncols=columns, fontsize="x-small", frameon=False, **spot)
    ax.set_title("\n".join(textwrap.fill(n, 100) for n in notes if n), fontsize="medium")
    mark_synthetic(ax, ds)
    return ax


def _place(profiles: Profiles, along: Along) -> tuple[Array, str]:
    """Choose the axis along the track: latitudes, where each comes once, or times."""
    from matplotlib.dates import date2num

    latitude, time = profiles.latitude, profiles.time
    if along == "latitude" and latitude is not None:
        steps = np.diff(latitude)
        if (steps > 0).all() or (steps < 0).all():
            return latitude, "latitude"
    if time is not None and not np.isnat(time).any():
        return np.asarray(date2num(time)), "time"  # type: ignore[no-untyped-call]
    return profiles.rows.astype(float), "profile"


def _near(height: Array, top_km: float) -> Array:
    """Mark the bins that a figure up to ``top_km`` shows, and one above."""
    margin = 0.6
    low, high = height.min(axis=0), height.max(axis=0)
    near: Array = (low <= top_km + margin) & (high >= FLOOR_KM - margin)
    return near


def _roles(
    ds: xr.Dataset, profiles: Profiles, near: Array, step: tuple[int, int]
) -> dict[str, Array]:
    """Mark where a classification in the dataset sees clear air, no signal, or clutter."""
    for name in map(str, ds.data_vars):
        if ds[name].ndim != 2 or ds[name].shape[1] <= profiles.bins.max():
            continue
        codes = floats(ds[name])[np.ix_(profiles.rows, profiles.bins[near])]
        legend = legend_of(ds, name, codes) or {}
        named: dict[str, list[int]] = {
            "clutter": [c for c in legend if "clutter" in legend[c].name.lower()]
        }
        for code, each in legend.items():
            named.setdefault(each.role, []).append(code)
        if "attenuated" in named:
            codes = block_mode(codes, step)
            return {role: np.isin(codes, found) for role, found in named.items()}
    return {}


def _mark(
    ax: Axes, roles: dict[str, Array], values: Array, drawn: Array, x: Array, y: Array
) -> list[Any]:
    """Whiten clear air, veil what the signal does not reach, and hatch clutter of the ground."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    clear, there = roles["clear"], np.isfinite(drawn)
    empty = "clear" if clear.any() else "0", ~there & (clear | (values == 0)), CLEAR, 1.0
    handles: list[Any] = []
    for name, mask, colour, alpha in (empty, ("attenuated", roles["attenuated"], ATTENUATED, 0.7)):
        if mask.any():
            veil: dict[str, Any] = {"cmap": ListedColormap([colour]), "alpha": alpha}
            ax.pcolormesh(x, y, np.ma.masked_where(~mask, mask), rasterized=True, **veil)
            handles.append(_patch(name, colour))
    clutter = roles["clutter"] & there
    if clutter.any():
        middle = [(part[1:, 1:] + part[:-1, :-1]) / 2 for part in (x, y)]
        ax.contourf(*middle, clutter, levels=[0.5, 1.5], colors="none", hatches=["xxxx"])
        handles.append(Patch(facecolor="white", edgecolor="0.2", hatch="xxxx", label="clutter"))
    return handles


def _patch(name: str, colour: str) -> Any:
    """Return an entry of a legend."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=textwrap.fill(name, 34))


def _draw_lines(ax: Axes, x: Array, profiles: Profiles) -> list[Any]:
    """Fill the ground, and draw the tropopause."""
    from matplotlib.patheffects import withStroke

    if profiles.ground is not None:
        ax.fill_between(x, FLOOR_KM - 1, profiles.ground, color=GROUND, linewidth=0, zorder=2.5)
    if profiles.tropopause is None:
        return []
    look: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1}
    halo = [withStroke(linewidth=2.5, foreground="white")]
    return ax.plot(x, profiles.tropopause, label="tropopause", path_effects=halo, **look)


def _label_axes(ax: Axes, x: Array, kind: str, profiles: Profiles, top_km: float) -> None:
    """Write heights at the side, and latitude and time below, in the direction of flight."""
    from matplotlib.dates import MINUTELY, AutoDateLocator
    from matplotlib.ticker import MaxNLocator

    latitude, time = profiles.latitude, profiles.time
    clock = slice(11, 16)
    if time is not None and np.ptp(time) < np.timedelta64(8, "m"):
        clock = slice(11, 19)

    def tick(value: float, _: Any = None) -> str:
        near = int(np.abs(x - value).argmin())
        texts = {}
        if latitude is not None:
            north = value if kind == "latitude" else latitude[near].round(1)
            texts["latitude"] = degrees(float(north), "SN")
        if time is not None:
            second = (time[near] + np.timedelta64(500, "ms")).astype("datetime64[s]")
            texts["time"] = str(second)[clock]
        first = texts.pop(kind, None)
        return "\n".join([first, *texts.values()] if first else texts.values()) or f"{value:g}"

    known = {"latitude": latitude is not None, "time (UTC)": time is not None}
    said = [name for name in sorted(known, reverse=kind == "time") if known[name]]
    text = " and ".join(said) or "profile"
    if kind == "time":
        clocks: Any = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        clocks.intervald[MINUTELY] = [1, 2, 5, 10, 15, 30]
        ax.xaxis.set_major_locator(clocks)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(tick)
    if ax.xaxis.get_tick_params().get("labelbottom", True):  # of shared axes, the lowest
        ax.set_xlabel(text[0].upper() + text[1:])
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(FLOOR_KM, top_km)
    ax.set_ylabel(f"Height above\n{profiles.above} (km)")
