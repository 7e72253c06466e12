"""What figures share: coastlines, degrees with sides, labels, a mark on what is made up."""

from __future__ import annotations

import functools
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def mark_synthetic(ax: Axes, ds: xr.Dataset | None = None) -> None:
    """Write on a figure that its data are made up, so that nobody takes it for a measurement.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to write, at the lower right.
    ds : xarray.Dataset, optional
        Write only when this dataset says that it is synthetic.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import earthcare_tutorial as ect
    >>> figure, ax = plt.subplots()
    >>> ect.mark_synthetic(ax)
    >>> ax.texts[-1].get_text()
    'synthetic data'
    """
    if ds is not None and not ds.attrs.get("synthetic"):
        return
    look: dict[str, Any] = {"color": "#8a1c1c", "fontsize": "small", "ha": "right", "va": "bottom"}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2}
    ax.text(0.98, 0.02, "synthetic data", transform=ax.transAxes, bbox=box, zorder=9, **look)


def plain_axes(ax: Axes, helper: str, more: dict[str, Any]) -> None:
    """Refuse what is no axes, and a projection, on which degrees would be something else."""
    if "axes" in more or not hasattr(ax, "transAxes"):
        raise TypeError(
            f"{helper} draws on the axes that ax= names, as plt.subplots() gives them, not on a"
            f" {type(more.get('axes', ax)).__name__}."  # which may be a token, so it is not shown
        )
    projection: Any = getattr(ax, "projection", None)  # cartopy's
    moved = [projection.proj4_params.get(name) for name in ("lon_0", "pm")] if projection else []
    plain = type(projection).__name__ == "PlateCarree" and not any(moved)
    if ax.name != "rectilinear" and not plain:
        raise ValueError(
            f"{helper} draws degrees on plain axes, and these are of the projection"
            f" {type(projection).__name__ if projection else ax.name}: make them with"
            " plt.subplots(), or draw yourself with ax.pcolormesh(longitude, latitude, values,"
            " transform=cartopy.crs.PlateCarree())."
        )


def degrees(value: float, sides: str) -> str:
    """Write degrees as "5°S"; ``sides`` are the letters of negative and positive ones."""
    value = round(float(value), 6)
    side = "" if value == 0 or abs(value) == 180 else sides[int(value > 0)]
    return f"{abs(value):g}°{side}"


def in_lines(text: str, width: int = 30) -> str:
    r"""Break a label so that its unit stays whole.

    >>> in_lines("Reflectivity corrected for gaseous attenuation (dBZ)")
    'Reflectivity corrected for\ngaseous attenuation\n(dBZ)'
    """
    name, _, unit = text.rpartition(" (")
    return f"{textwrap.fill(name, width)}\n({unit}"


@functools.cache
def coastlines() -> list[np.ndarray]:
    """Read the coastlines that come with the package (n, 2), made by tests/make_coastlines.py."""
    with np.load(Path(__file__).parent / "data" / "coastlines.npz") as file:
        points = file["points"]
    lines = np.split(points, np.flatnonzero(points[:, 0] < -18000) + 1)
    return [line[:-1] / 100.0 for line in lines if len(line) > 2]


def draw_coastlines(ax: Axes, **look: Any) -> None:
    """Draw the coastlines within the limits of a map, also past 180 degrees."""
    from matplotlib.collections import LineCollection

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    near = [
        line + np.array([turn, 0.0])
        for line in coastlines()
        if line[:, 1].min() < north and line[:, 1].max() > south
        for turn in (-360, 0, 360)
        if line[:, 0].min() + turn < east and line[:, 0].max() + turn > west
    ]
    drawn: dict[str, Any] = {"colors": "0.1", "linewidths": 0.7} | look
    ax.add_collection(LineCollection(near, **drawn), autolim=False)


def label_degrees(ax: Axes) -> None:
    """Label longitude and latitude in degrees with sides, on both sides of the antimeridian."""
    ax.xaxis.set_major_formatter(lambda value, _: degrees((value + 180) % 360 - 180, "WE"))
    ax.yaxis.set_major_formatter(lambda value, _: degrees(value, "SN"))
    ax.set_xlabel("Longitude")
    ax.set_ylabel("Latitude")
