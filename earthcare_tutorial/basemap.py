"""What every map has: coastlines, degrees with sides, marks on what is missing or made up."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[Any]

SYNTHETIC_COLOUR = "#8a1c1c"  # of the word that marks what is made up


def mark_synthetic(ax: Axes, ds: xr.Dataset | None = None) -> None:
    """Write on a figure that its data are made up, so that nobody takes it for a measurement.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to write, at the lower right.
    ds : xarray.Dataset, optional
        Write only when this dataset says that it is synthetic.
    """
    if ds is not None and not ds.attrs.get("synthetic"):
        return
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2}
    place: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "va": "bottom", "zorder": 9}
    ax.text(
        0.98, 0.02, "synthetic data", color=SYNTHETIC_COLOUR, fontsize="small", bbox=box, **place
    )


def mark_missing(
    ax: Axes, x: Array, y: Array, classes: Mapping[int, tuple[str, str]], *, missing: bool
) -> None:
    """Hatch what a mesh leaves open, which no colour map can hide, and name it and the classes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        With the mesh.
    x, y : numpy.ndarray
        Corners or edges of the mesh, as given to ``pcolormesh``.
    classes : mapping of int to (name, colour)
        For the legend; empty where a colour bar explains the colours.
    missing : bool
        Whether any cell is open.
    """
    from matplotlib.patches import Patch

    hatched: dict[str, Any] = {"facecolor": "white", "edgecolor": "0.72", "hatch": "////"}
    handles = [
        Patch(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=name)
        for _, (name, colour) in sorted(classes.items())
    ]
    if missing:
        x, y = np.meshgrid(x, y) if x.ndim == 1 else (x, y)
        ring = [np.r_[edge[0], edge[1:, -1], edge[-1, -2::-1], edge[-2:0:-1, 0]] for edge in (x, y)]
        ax.fill(*ring, zorder=0.5, linewidth=0, **hatched)
        handles.append(Patch(linewidth=0.5, label="no value", **hatched))
    if handles:
        place = (1.01, 1.0) if classes else (1.0, 0.0)
        ax.legend(
            handles=handles, loc="upper left", bbox_to_anchor=place, frameon=False, fontsize="small"
        )


def plain_axes(ax: Axes, helper: str) -> None:
    """Refuse axes of a map projection, on which degrees would be drawn as something else."""
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


@functools.cache
def coastlines() -> list[Array]:
    """Read the coastlines that come with the package, as arrays (n, 2) of longitude, latitude."""
    with np.load(Path(__file__).parent / "data" / "coastlines.npz") as file:
        points = file["points"]
    breaks = np.flatnonzero(points[:, 0] < -18000)
    lines = np.split(points, breaks + 1)
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
