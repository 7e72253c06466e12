"""Draw what several instruments saw of one frame, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earthcare_products.display import pretty_unit
from earthcare_tutorial._granule import granule_title, label, look_of, screen
from earthcare_tutorial._pixels import floats
from earthcare_tutorial.basemap import mark_synthetic
from earthcare_tutorial.curtain import plot_curtain
from earthcare_tutorial.swath import label_track, plot_swath

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "0.2")  # told apart by the colour-blind


def plot_frame(
    panels: Sequence[tuple[xr.Dataset, str | Sequence[str]]],
    *,
    top_km: float = 20.0,
    figsize: tuple[float, float] | None = None,
) -> NDArray[Any]:
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
    figsize : tuple of float, optional
        Width and height in inches; 11 by 2.3 for each panel when left out.

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
    >>> import xarray as xr
    >>> ds = xr.Dataset(
    ...     {
    ...         "latitude": ("along_track", [2.0, 1.0, 0.0]),
    ...         "solar": ("along_track", [240.0, 250, 260], {"units": "W m-2"}),
    ...         "thermal": ("along_track", [280.0, 290, 280], {"units": "W m-2"}),
    ...     }
    ... )
    >>> (ax,) = plot_frame([(ds, ["solar", "thermal"])])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.lines)
    ('Latitude', 'W m⁻²', 2)
    """
    import matplotlib.pyplot as plt

    if not panels:
        raise ValueError("There is nothing to draw: give at least one (dataset, variable).")
    counts = [ds.sizes.get("along_track", 0) for ds, _ in panels]
    if len({*counts, 0}) != 2 or 0 in counts:
        told = ", ".join(map(str, counts))
        raise ValueError(f"The panels have {told} profiles along the track: align() them first.")
    size = figsize or (11.0, 2.3 * len(panels))
    fig, grid = plt.subplots(len(panels), 1, figsize=size, layout="constrained", squeeze=False)
    axes = grid[:, 0]
    for ax, (ds, variables) in zip(axes, panels, strict=True):
        names = [variables] if isinstance(variables, str) else list(variables)
        if names[0] in ds.variables and ds[names[0]].ndim == 1:
            _draw_lines(ax, ds, names)
        elif "latitude" in ds.variables and ds["latitude"].ndim == 2:
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
            time = tracks[0].get("time")
            label_track(ax, floats(tracks[0]["latitude"]), None if time is None else time.values)
        ax.set_xlim(-0.5, counts[0] - 0.5)
        if ax is not axes[-1]:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    fig.align_ylabels(axes)
    return axes


def _draw_lines(ax: Axes, ds: xr.Dataset, names: list[str]) -> None:
    """Draw values along the track, without those that their flag calls bad."""
    units = {look_of(ds, name).unit for name in names}
    if len(units) > 1:
        raise ValueError(f"{', '.join(names)} differ in unit, {', '.join(units)}: a panel each.")
    notes = [granule_title(ds)]
    for name, colour in zip(names, LINES, strict=False):
        judged = screen(ds, name)
        notes.append(str(judged.attrs.get("left_out", "")))
        text = label(ds, name).rpartition(" (")[0]
        ax.plot(floats(judged) * look_of(ds, name).factor, color=colour, lw=1, label=text)
    ax.set_ylabel(pretty_unit(units.pop()))
    ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize="x-small", frameon=False)
    ax.set_title("\n".join(dict.fromkeys(n for n in notes if n and not n.startswith("0.0%"))))
    mark_synthetic(ax, ds)
