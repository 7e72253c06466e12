"""Draw profiles along the track as a curtain, at the heights where they were measured."""

from __future__ import annotations

import textwrap
from numbers import Real
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_tutorial import _cells
from earthcare_tutorial._granule import floats, granule_title, label, legend_of, look_of
from earthcare_tutorial._profiles import Profiles, decibels, read_profiles
from earthcare_tutorial.basemap import in_lines, mark_synthetic, plain_axes

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

    from earthcare_tutorial._profiles import Along, Between

MAX_PROFILES = 1500  # more than a figure can show
FLOOR_KM, MARGIN_KM = -0.5, 0.6  # below the sea, and what is drawn beyond the edges
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
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> name = "particle_extinction_coefficient_355nm"
    >>> needs = [name, "latitude", "time", "height", "quality_status"]
    >>> ax = ect.plot_curtain(ect.open_granule(item, ect.login(), needs), name, top_km=15)
    >>> ax.get_xlabel()
    'Latitude and time (UTC)'
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    if not isinstance(top_km, Real) or not top_km > 0:
        raise ValueError(f"top_km={short(top_km)} is no height above the ground, in km.")
    profiles = read_profiles(ds, variable, "plot_curtain", along, between)
    look = look_of(ds, variable)
    classes = _cells.present(legend_of(ds, variable, profiles.values), profiles.values)
    step = (-(-len(profiles.rows) // MAX_PROFILES), 1)
    low, high = profiles.height.min(axis=0), profiles.height.max(axis=0)
    near = (low <= top_km + MARGIN_KM) & (high >= FLOOR_KM - MARGIN_KM)
    values, height = profiles.values[:, near], profiles.height[:, near]
    values = (_cells.block_mean if classes is None else _cells.block_mode)(values, step)
    if look.averaged == "linear":
        values = decibels(values)
    limits = {"norm": norm, "vmin": vmin, "vmax": vmax}
    drawn, colours, note = _cells.paint(values, look, classes, limits, cmap)
    if isinstance(colours["norm"], LogNorm):  # noise below 0 is low; 0 says that there is nothing
        drawn[values == 0] = np.nan
    if ax is None:
        ax = plt.subplots(figsize=(11.0, 3.6), layout="constrained")[1]
    plain_axes(ax, "plot_curtain", kwargs)
    place, kind = _place(profiles, along)
    x, y = _cells.edges(place, step[:1]), _cells.edges(height, step)
    x = np.broadcast_to(x[:, None], y.shape)
    shown: dict[str, Any] = {"rasterized": True} | colours | kwargs
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(drawn), **shown)
    # some classes are grey themselves
    empty: dict[str, Any] = _cells.HATCHED if classes is not None else {"facecolor": NO_VALUE}
    ax.patch.set(linewidth=0, **empty)
    handles = _cells.patches(classes or {})
    unseen = np.isnan(values)
    if classes is None:
        roles = _roles(ds, profiles, near, step)
        handles += _mark(ax, roles, values, drawn, x, y)
        unseen &= ~(roles["clear"] | roles["attenuated"])
    if unseen.any():
        handles.append(_cells.patch("no value", **empty))
    handles += _draw_lines(ax, place, profiles)
    _cells.label_track(ax, place, profiles.latitude, profiles.time, kind)
    ax.set(xlim=(place[0], place[-1]), ylim=(FLOOR_KM, top_km))
    ax.set_ylabel(f"Height above\n{profiles.above} (km)")
    spot: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.005, 0.5)}
    if classes is None:
        foot = 0.36 if handles else 0.0  # room for the legend below the bar
        box = (1.015, foot, 0.014, 1 - foot)
        bar = _cells.colour_bar(ax, mesh, box, in_lines(label(ds, variable)))
        bar.ax.yaxis.label.set_size("small")
        spot = {"loc": "upper left", "bbox_to_anchor": (1.0, foot - 0.06)}
    if handles:
        columns = 1 + (len(handles) > NAMES_PER_INCH * ax.bbox.height / ax.figure.dpi)
        ax.legend(handles=handles, ncols=columns, fontsize="x-small", frameon=False, **spot)
    notes = [granule_title(ds), *profiles.notes, note]
    ax.set_title("\n".join(textwrap.fill(n, 100) for n in notes if n), fontsize="medium")
    mark_synthetic(ax, ds)
    return ax


def _place(profiles: Profiles, along: Along) -> tuple[np.ndarray, str]:
    """Choose the axis along the track: latitudes, where each comes once, or times."""
    from matplotlib.dates import date2num

    latitude, time = profiles.latitude, profiles.time
    if along == "latitude" and latitude is not None:
        steps = np.diff(latitude)
        if (steps > 0).all() or (steps < 0).all():
            return latitude, "latitude"
    if time is not None and not np.isnat(time).any():
        return np.asarray(date2num(time)), "time"  # type: ignore[no-untyped-call]
    return profiles.rows.astype(float), ""


def _roles(
    ds: xr.Dataset, profiles: Profiles, near: np.ndarray, step: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Mark where a classification in the dataset sees clear air, no signal, or clutter."""
    for name in map(str, ds.data_vars):
        if ds[name].ndim != 2 or ds[name].shape[1] <= profiles.bins.max():
            continue
        codes = floats(ds[name])[np.ix_(profiles.rows, profiles.bins[near])]
        legend = legend_of(ds, name, codes) or {}
        named: dict[str, list[int]] = {"clear": [], "attenuated": []}
        for code, each in legend.items():
            named.setdefault(each.role, []).append(code)
        named["clutter"] = [code for code, each in legend.items() if "clutter" in each.name.lower()]
        if named["attenuated"]:
            codes = _cells.block_mode(codes, step)
            return {role: np.isin(codes, found) for role, found in named.items()}
    blocks = (-(-len(profiles.rows) // step[0]), int(near.sum()))
    return dict.fromkeys(("clear", "attenuated", "clutter"), np.zeros(blocks, bool))


def _mark(
    ax: Axes,
    roles: dict[str, np.ndarray],
    values: np.ndarray,
    drawn: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> list[Any]:
    """Whiten clear air, veil what the signal does not reach, and hatch clutter of the ground."""
    from matplotlib.colors import ListedColormap

    clear, there = roles["clear"], np.isfinite(drawn)
    empty = "clear" if clear.any() else "0", ~there & (clear | (values == 0)), CLEAR, 1.0
    handles: list[Any] = []
    for name, mask, colour, alpha in (empty, ("attenuated", roles["attenuated"], ATTENUATED, 0.7)):
        if mask.any():
            veil: dict[str, Any] = {"cmap": ListedColormap([colour]), "alpha": alpha}
            ax.pcolormesh(x, y, np.ma.masked_where(~mask, mask), rasterized=True, **veil)
            handles.append(_cells.patch(name, facecolor=colour))
    clutter = roles["clutter"] & there
    if clutter.any():
        middle = [(part[1:, 1:] + part[:-1, :-1]) / 2 for part in (x, y)]
        ax.contourf(*middle, clutter, levels=[0.5, 1.5], colors="none", hatches=["xxxx"])
        look: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.2", "linewidth": 1}
        handles.append(_cells.patch("clutter", hatch="xxxx", **look))
    return handles


def _draw_lines(ax: Axes, x: np.ndarray, profiles: Profiles) -> list[Any]:
    """Fill the ground, and draw the tropopause."""
    from matplotlib.patheffects import withStroke

    if profiles.ground is not None:
        ax.fill_between(x, FLOOR_KM - 1, profiles.ground, color=GROUND, linewidth=0, zorder=2.5)
    if profiles.tropopause is None:
        return []
    look: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1}
    halo = [withStroke(linewidth=2.5, foreground="white")]
    return ax.plot(x, profiles.tropopause, label="tropopause", path_effects=halo, **look)
