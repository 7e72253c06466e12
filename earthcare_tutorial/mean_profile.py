"""Draw what profiles have in common: their mean by height, and how far they spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_tutorial._granule import granule_title, label, legend_of, look_of
from earthcare_tutorial._profiles import decibels, read_profiles
from earthcare_tutorial.basemap import in_lines, mark_synthetic, plain_axes

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from earthcare_tutorial._profiles import Along, Between


def plot_profile(
    ds: xr.Dataset,
    variable: str,
    ax: Axes | None = None,
    *,
    top_km: float = 20.0,
    layer_km: float = 0.2,
    along: Along = "latitude",
    between: Between | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the mean profile, with the band in which eight of ten values lie.

    Values are gathered in layers of height, because the bins of a product move up and down along
    the track. The mean is over those with a value; of reflectivity, over the powers.

    Parameters
    ----------
    ds : xarray.Dataset
        As for :func:`plot_curtain`.
    variable : str
        A quantity.
    ax : matplotlib.axes.Axes, optional
        Where to draw, also over another profile; a new figure when left out.
    top_km, layer_km : float
        Where the figure ends, and the depth of a layer, in km.
    along, between : optional
        Which profiles, as for :func:`plot_curtain`.
    **kwargs
        Passed to matplotlib's ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for :func:`plot_curtain`, or when the variable holds classes.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("C-FMR", orbit_and_frame="04537E", baseline="BA")
    >>> name = "reflectivity_corrected"
    >>> needs = [name, "latitude", "height", "quality_status"]
    >>> ax = ect.plot_profile(ect.open_granule(item, ect.login(), needs), name, between=(3, 1))
    >>> ax.get_ylabel()
    'Height above ellipsoid (km)'
    """
    import matplotlib.pyplot as plt
    import pandas as pd

    profiles = read_profiles(ds, variable, "plot_profile", along, between)
    if legend_of(ds, variable, profiles.values) is not None:
        raise ValueError(f"{variable} holds classes, of which there is no mean: class_fractions.")
    look, there = look_of(ds, variable), np.isfinite(profiles.values)
    there &= profiles.height <= top_km
    if not there.any():
        raise ValueError(f"{variable} has no values below {top_km:g} km.")
    layer = (np.floor(profiles.height[there] / layer_km) + 0.5) * layer_km
    gathered = pd.Series(profiles.values[there]).groupby(layer)
    mean = gathered.mean()
    lines = [mean, gathered.quantile(0.1), gathered.quantile(0.9)]
    middle, low, high = map(decibels, lines) if look.averaged == "linear" else lines
    if ax is None:
        ax = plt.subplots(figsize=(4.0, 5.5), layout="constrained")[1]
    plain_axes(ax, "plot_profile", kwargs)
    named = {"label": f"mean of {len(profiles.rows)} profiles"}
    (line,) = ax.plot(middle, mean.index, **named | kwargs)
    ax.fill_betweenx(mean.index, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    if look.scale == "log":
        ax.set_xscale("log", nonpositive="mask")
    ax.set_ylim(min(0.0, float(mean.index.min())), top_km)
    ax.set_xlabel(in_lines(label(ds, variable)))
    ax.set_ylabel(f"Height above {profiles.above} (km)")
    ax.set_title(granule_title(ds), fontsize="medium")
    ax.legend(fontsize="small", frameon=False)
    mark_synthetic(ax, ds)
    return ax
