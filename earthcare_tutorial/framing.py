"""Draw variables as what they are: classes alone, or what several instruments saw of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.display import pretty_unit
from earthcare_tutorial._cells import label_track
from earthcare_tutorial._granule import (
    floats,
    granule_title,
    label,
    left_out,
    legend_of,
    look_of,
    screen,
)
from earthcare_tutorial.basemap import mark_synthetic
from earthcare_tutorial.curtain import plot_curtain
from earthcare_tutorial.swath import plot_swath

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "0.2")  # told apart by the colour-blind


def plot_frame(
    panels: Sequence[tuple[xr.Dataset, str | Sequence[str]]],
    *,
    top_km: float = 20.0,
) -> np.ndarray:
    """Draw datasets of one frame below each other, on one axis along the track.

    Each variable is drawn as what it is: a swath as by :func:`plot_swath` (laid flat), a curtain or
    its classes as by :func:`plot_curtain`, and what has one value for each profile as a line.

    Parameters
    ----------
    panels : sequence of (xarray.Dataset, str or list of str)
        A panel each, from top to bottom: a dataset from :func:`align` and its variable; of values
        along the track, several of one unit. The first dataset along the track gives latitude and
        time to the axis.
    top_km : float, optional
        Height at which curtains end, in km.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One for each panel, (n,). Their horizontal axis counts profiles.

    Raises
    ------
    ValueError
        When there are no panels, or they are not aligned, or lines of one panel differ in unit.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-TC", orbit_and_frame="04537E")
    >>> needs = ["classification", "latitude", "longitude", "time", "height", "elevation"]
    >>> (ds,) = ect.align([ect.open_granule(item, ect.login(), needs)])
    >>> curtain, line = ect.plot_frame([(ds, "classification"), (ds, "elevation")])
    >>> line.get_xlabel()
    'Latitude and time (UTC)'
    """
    import matplotlib.pyplot as plt

    if not panels:
        raise ValueError("There is nothing to draw: give at least one (dataset, variable).")
    if any(hasattr(panel, "data_vars") for panel in panels):
        raise TypeError("Each panel is a pair: (dataset, variable).")
    counts = [ds.sizes.get("along_track", 0) for ds, _ in panels]
    if len({*counts, 0}) != 2 or 0 in counts:
        told = ", ".join(map(str, counts))
        raise ValueError(f"The panels have {told} profiles along the track: align() them first.")
    size = (11.0, 2.3 * len(panels))  # inches; figure.set_size_inches changes it
    fig, grid = plt.subplots(len(panels), 1, figsize=size, layout="constrained", squeeze=False)
    axes = grid[:, 0]
    for ax, (ds, variables) in zip(axes, panels, strict=True):
        names = [variables] if isinstance(variables, str) else list(variables)
        if names[0] in ds.variables and ds[names[0]].ndim == 1:
            _draw_lines(ax, ds, names)
        elif _is_swath(ds):
            plot_swath(ds, names[0], ax, view="track")
        else:  # without places, profiles are counted
            bare = ds.drop_vars(["latitude", "time"], errors="ignore")
            plot_curtain(bare, names[0], ax, top_km=top_km)
        ax.title.set_fontsize("small")
        for bar in ax.child_axes:  # a panel is low
            bar.yaxis.label.set_fontsize("x-small")
    tracks = [ds for ds, _ in panels if "latitude" in ds.variables and ds["latitude"].ndim == 1]
    for ax in axes:
        if tracks:
            time = tracks[0]["time"].values if "time" in tracks[0].variables else None
            label_track(ax, np.arange(counts[0]), floats(tracks[0]["latitude"]), time)
        ax.set_xlim(-0.5, counts[0] - 0.5)
        if ax is not axes[-1]:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    fig.align_ylabels(axes)
    return axes


def plot_classes(ds: xr.Dataset, variable: str, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw classes in their colours, with a legend of those that occur, as curtain or swath.

    Parameters
    ----------
    ds : xarray.Dataset
        As for :func:`plot_curtain` or, where each pixel has a latitude, for :func:`plot_swath`.
    variable : str
        Codes of classes, such as "synergetic_target_classification" or "cloud_type".
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.
    **kwargs
        Passed to :func:`plot_curtain` or :func:`plot_swath`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        When the variable holds no classes, or cannot be placed.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-TC", orbit_and_frame="04537E")
    >>> needs = ["classification", "latitude", "time", "height"]
    >>> ax = ect.plot_classes(ect.open_granule(item, ect.login(), needs), "classification")
    >>> [text.get_text() for text in ax.get_legend().get_texts()][0]
    'Surface or sub-surface'
    """
    if variable in ds.variables and legend_of(ds, variable, floats(ds[variable])) is None:
        raise ValueError(
            f"{variable} holds no classes, but a quantity: plot_curtain or plot_swath draws it."
        )
    return (plot_swath if _is_swath(ds) else plot_curtain)(ds, variable, ax, **kwargs)


def _is_swath(ds: xr.Dataset) -> bool:
    return "latitude" in ds.variables and ds["latitude"].ndim == 2


def _draw_lines(ax: Axes, ds: xr.Dataset, names: list[str]) -> None:
    """Draw values along the track, without those that their flag calls bad."""
    units = {look_of(ds, name).unit for name in names}
    if len(units) > 1:
        raise ValueError(f"{', '.join(names)} differ in unit, {', '.join(units)}: a panel each.")
    notes = [granule_title(ds)]
    for name, colour in zip(names, LINES, strict=False):
        judged = screen(ds, name)
        notes.append(left_out(judged))
        text = label(ds, name).rpartition(" (")[0]
        ax.plot(floats(judged) * look_of(ds, name).factor, color=colour, lw=1, label=text)
    ax.set_ylabel(pretty_unit(units.pop()))
    ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize="x-small", frameon=False)
    ax.set_title("\n".join(dict.fromkeys(filter(None, notes))))
    mark_synthetic(ax, ds)
