"""What axes of degrees have: coastlines, sides, the track below, marks on what is made up."""

from __future__ import annotations

import functools
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
    """
    if ds is not None and not ds.attrs.get("synthetic"):
        return
    look: dict[str, Any] = {"color": "#8a1c1c", "fontsize": "small", "ha": "right", "va": "bottom"}
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2}
    ax.text(0.98, 0.02, "synthetic data", transform=ax.transAxes, bbox=box, zorder=9, **look)


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
def coastlines() -> list[np.ndarray]:
    """Read the coastlines that come with the package, as arrays (n, 2) of longitude, latitude."""
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


def label_track(
    ax: Axes, x: np.ndarray, latitude: np.ndarray | None, time: np.ndarray | None, kind: str = ""
) -> None:
    """Write latitude and time, as far as known, below an axis along the track.

    ``x`` (n,) are the places of the profiles on the axis: their "latitude", their "time" as
    matplotlib counts it, or, where ``kind`` is empty, their number.
    """
    from matplotlib.dates import MINUTELY, AutoDateLocator
    from matplotlib.ticker import FixedLocator, MaxNLocator

    clock = slice(11, 19 if time is not None and np.ptp(time) < np.timedelta64(8, "m") else 16)
    locator: Any = MaxNLocator(8, steps=[1, 2, 5, 10])
    steps = np.diff([] if latitude is None else latitude)
    if kind == "time":
        locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
        locator.intervald[MINUTELY] = [1, 2, 5, 10, 15, 30]
    elif not kind and latitude is not None and ((steps < 0).all() or (steps > 0).all()):
        low, high = latitude.min(), latitude.max()  # round latitudes, where they are
        rounds = [each for each in locator.tick_values(low, high) if low <= each <= high]
        locator = FixedLocator([float(x[np.abs(latitude - each).argmin()]) for each in rounds])

    def tick(value: float, _: Any = None) -> str:
        near = int(np.abs(x - value).argmin())
        texts = {}
        if latitude is not None:
            north = value if kind == "latitude" else latitude[near].round(1)
            texts["latitude"] = degrees(float(north), "SN")
        if time is not None:
            second = (time[near] + np.timedelta64(500, "ms")).astype("datetime64[s]")
            texts["time"] = str(second)[clock]
        first = [texts.pop(kind)] if kind in texts else []
        return "\n".join([*first, *texts.values()]) or f"{value:g}"

    said = ["latitude"] * (latitude is not None) + ["time (UTC)"] * (time is not None)
    text = " and ".join(said[::-1] if kind == "time" else said) or "profile"
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(tick)
    if ax.xaxis.get_tick_params().get("labelbottom", True):  # of shared axes, the lowest
        ax.set_xlabel(text[0].upper() + text[1:])
