"""Show where granules lie on the Earth, by day and by night, with matplotlib alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_tutorial import _footprint, basemap
from earthcare_tutorial._notes import refuse_text, warn
from earthcare_tutorial.basemap import degrees
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import pandas as pd
    import pystac
    import xarray as xr
    from matplotlib.axes import Axes

#: Colours that the colour-blind tell apart (Okabe and Ito).
COLOURS = {"day": "#d55e00", "day and night": "#8a4f9e", "night": "#0072b2"}
MOST_LABELS = 16  # more names than that hide the map
POLAR_CIRCLE = 50.0  # a map of a pole ends at this latitude, in degrees


def plot_map(
    granules: pystac.Item | xr.Dataset | Iterable[pystac.Item | xr.Dataset],
    ax: Axes | None = None,
    *,
    bbox: tuple[float, float, float, float] | None = None,
    pole: Literal["north", "south"] | None = None,
    labels: bool | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the footprints or tracks of granules on coastlines, coloured by day and night.

    Day is where the Sun is up at the middle of the granule's time. The map is equirectangular: a
    degree of longitude is as wide near a pole as at the equator, so that frames C and G, which
    turn round a pole, look stretched. ``pole`` shows them in their true shape.

    Parameters
    ----------
    granules : pystac.Item, xarray.Dataset, or an iterable of them
        Items from :func:`search`, drawn by their footprint (a polygon, or a line for profiles);
        datasets from :func:`open_granule` with "latitude", "longitude" and "time", drawn by the
        outline of their pixels. A synthetic dataset is marked so on the map.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.
    bbox : (west, south, east, north), optional
        The part of the Earth to show, in degrees; west may exceed east across 180 degrees. The
        whole Earth when left out.
    pole : {"north", "south"}, optional
        Look down on this pole instead, out to 50 degrees; distances from it are true. It is drawn
        on polar axes, which take the place of ``ax``.
    labels : bool, optional
        Write orbit and frame beside each; by default for up to 16.
    **kwargs
        Passed to matplotlib's ``Axes.plot`` for the outlines, such as ``color``.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; each granule is a line with its orbit and frame as ``get_gid()``.

    Raises
    ------
    ValueError
        When there is nothing to draw, or no place is known.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> items = ect.search("A-EBD", orbit_number=4537, frame_id=["D", "E"])
    >>> ax = ect.plot_map(items)
    >>> [line.get_gid() for line in ax.lines if line.get_gid()]
    ['04537D', '04537E']
    """
    import matplotlib.pyplot as plt

    refuse_text(granules)
    many = isinstance(granules, Iterable) and not hasattr(granules, "data_vars")
    listed: Any = granules if many else [granules]
    parts = [(granule, _outlines(granule)) for granule in listed]
    outlines = [outline for _, found in parts for outline in found]
    if missing := [granule.id for granule, found in parts if not found]:
        sentence = f"No footprint that is a polygon or a line, so not drawn: {', '.join(missing)}."
        if not outlines:
            raise ValueError(sentence)
        warn(sentence)
    if pole not in (None, "north", "south"):
        raise ValueError(f"pole={short(pole)} is neither 'north' nor 'south'.")
    if not outlines:
        raise ValueError("There are no granules to draw: the list is empty.")
    if ax is None:
        ax = plt.subplots(figsize=(6, 6) if pole else (9, 4.8), layout="constrained")[1]
    basemap.plain_axes(ax, "plot_map", kwargs)
    if pole:
        ax = _draw_pole(ax, pole)
    else:
        _draw_world(ax, bbox or (-180, -90, 180, 90))
    named = len(outlines) <= MOST_LABELS if labels is None else labels
    for outline in outlines:
        side = _side(outline)
        look: dict[str, Any] = {"color": COLOURS[side], "linewidth": 1.2, "zorder": 3} | kwargs
        x, y, turns = _projected(outline, pole, ax.get_xlim())
        for turn in turns:
            (line,) = ax.plot(x + turn, y, gid=outline.name, label=side, **look)
            if outline.closed:
                shade: dict[str, Any] = {"alpha": 0.35, "linewidth": 0, "zorder": 2}
                ax.fill(x + turn, y, color=line.get_color(), **shade)
        if named and outline.name:
            _name(ax, outline.name, x, y, turns, look.get("color"))
    if "color" not in kwargs:
        _draw_legend(ax, pole)
    if any(outline.synthetic for outline in outlines):
        basemap.mark_synthetic(ax)
    return ax


class Outline(NamedTuple):
    """Where a granule lies; degrees, longitude without jumps."""

    name: str
    longitude: np.ndarray
    latitude: np.ndarray
    closed: bool  # an area, not a track
    time: pd.Timestamp | None  # the middle
    synthetic: bool


def _outlines(granule: Any) -> list[Outline]:
    """Return the parts of a granule's footprint, or the outline of its pixels."""
    import pandas as pd

    if hasattr(granule, "data_vars"):
        return [_outline_of_pixels(granule)]
    refuse_text(granule)
    start, end = granule.common_metadata.start_datetime, granule.common_metadata.end_datetime
    both = [pd.Timestamp(time) for time in (start or granule.datetime, end or granule.datetime)]
    name, middle = identify(granule).orbit_and_frame, both[0] + (both[1] - both[0]) / 2
    found = []
    for line in _footprint.outlines(granule.geometry):
        longitude, latitude = _footprint.along_great_circles(line[:, 0], line[:, 1])
        closed = "Polygon" in granule.geometry["type"]
        if closed:
            longitude, latitude = _round_the_pole(longitude, latitude)
        found.append(Outline(name, longitude, latitude, closed, middle, False))
    return found


def _outline_of_pixels(ds: xr.Dataset) -> Outline:
    """Go round the pixels of a swath that have a place, or along a track."""
    import pandas as pd

    if not {"latitude", "longitude"} <= set(ds.variables):
        raise ValueError("The dataset has no place: ask open_granule for latitude and longitude.")
    latitude, longitude = (np.asarray(ds[name], float) for name in ("latitude", "longitude"))
    placed = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 360)  # others are missing
    if not placed.any():
        raise ValueError("No pixel of the dataset has a latitude and a longitude.")
    if closed := latitude.ndim == 2 and min(placed.any(axis=1).sum(), placed.any(axis=0).sum()) > 1:
        lines = np.flatnonzero(placed.any(axis=1))
        lines = lines[np.unique(np.linspace(0, len(lines) - 1, 200).astype(int))]
        left = placed[lines].argmax(axis=1)  # of each line the first and the last with a place
        right = placed.shape[1] - 1 - placed[lines, ::-1].argmax(axis=1)
        around = np.r_[left, right[::-1], left[0]]
        lines = np.r_[lines, lines[::-1], lines[0]]
        latitude, longitude = latitude[lines, around], longitude[lines, around]
    else:
        latitude, longitude = latitude[placed], longitude[placed]
        some = np.unique(np.linspace(0, len(latitude) - 1, 200).astype(int))
        latitude, longitude = latitude[some], longitude[some]
    longitude, latitude = _footprint.along_great_circles(longitude, latitude)
    times = pd.Series(ds["time"].values.ravel() if "time" in ds.variables else []).dropna()
    known = len(times) > 0 and np.issubdtype(times.dtype, np.datetime64)
    middle = times.min() + (times.max() - times.min()) / 2 if known else None
    source, name = re.split(r"[\\/]", str(ds.encoding.get("source", "")))[-1], ""
    with contextlib.suppress(ValueError):
        name = identify(str(ds.attrs.get("granule_id", source))).orbit_and_frame
    return Outline(name, longitude, latitude, closed, middle, bool(ds.attrs.get("synthetic")))


def _round_the_pole(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Close an area that holds a pole along the edge of the map, where the pole is."""
    if abs(longitude[-1] - longitude[0]) < 180:
        return longitude, latitude
    edge = np.copysign(90.0, latitude.mean())
    return np.r_[longitude, longitude[-1], longitude[0]], np.r_[latitude, edge, edge]


def _side(outline: Outline) -> str:
    """Tell where the Sun is up."""
    if outline.time is None:
        return "day and night"
    time = outline.time if outline.time.tzinfo else outline.time.tz_localize("UTC")
    lit = float(_footprint.sun_is_up(time, outline.latitude, outline.longitude).mean())
    return "day" if lit == 1 else "night" if lit == 0 else "day and night"


def _projected(
    outline: Outline, pole: str | None, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return x and y on the map, and by how much to move them in x to be seen wherever they are."""
    x, (west, east) = outline.longitude, limits
    if pole:
        return *_from_pole(x, outline.latitude, pole), [0.0]
    turns = (-360.0, 0.0, 360.0)
    seen = [turn for turn in turns if x.min() + turn < east and x.max() + turn > west]
    return x, outline.latitude, seen


def _from_pole(
    longitude: np.ndarray, latitude: np.ndarray, pole: str
) -> tuple[np.ndarray, np.ndarray]:
    """Project: azimuthal equidistant, as an angle in radians and degrees from the pole."""
    north = latitude if pole == "north" else -latitude
    return np.radians(longitude) % (2 * np.pi), np.where(north < 0, np.nan, 90 - north)


def _draw_world(ax: Axes, bbox: tuple[float, float, float, float]) -> None:
    """Draw coastlines and a grid."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    west, south, east, north = bbox
    east += 360 if east <= west else 0
    ax.set(xlim=(west, east), ylim=(south, north), autoscale_on=False)
    middle = float(np.cos(np.radians((south + north) / 2)))
    ax.set_aspect(1 / max(0.2, middle))
    basemap.draw_coastlines(ax, colors="0.55", linewidths=0.5, zorder=1)
    wide, tall, steps = east - west > 180, north - south > 90, [1, 2, 3, 5, 10]
    ax.xaxis.set_major_locator(MultipleLocator(60) if wide else MaxNLocator(5, steps=steps))
    ax.yaxis.set_major_locator(MultipleLocator(30) if tall else MaxNLocator(5, steps=steps))
    basemap.label_degrees(ax)
    ax.grid(color="0.9", linewidth=0.6)
    ax.set_axisbelow(True)


def _draw_pole(ax: Axes, pole: str) -> Axes:
    """Put polar axes in place of plain ones, with coastlines; Greenwich is at the bottom or top."""
    ax.axis("off")
    around: Any = ax.inset_axes((0, 0, 1, 1), projection="polar", axisbelow=True)
    side, turn, sign = ("S", 1, 1) if pole == "north" else ("N", -1, -1)
    around.set_theta_zero_location(side)
    around.set_theta_direction(turn)
    small = {"fontsize": "x-small", "color": "0.35"}
    east, away = range(0, 360, 30), (10, 20, 30)
    around.set_thetagrids(east, [degrees((e + 180) % 360 - 180, "WE") for e in east], **small)
    around.set_rgrids(away, [degrees(sign * (90 - a), "SN") for a in away], angle=225, **small)
    around.grid(color="0.88")
    for coast in basemap.coastlines():
        if (sign * coast[:, 1]).max() > POLAR_CIRCLE:
            line = _from_pole(coast[:, 0], coast[:, 1], pole)
            around.plot(*line, color="0.55", linewidth=0.5, zorder=1)
    around.set_rlim(0, 90 - POLAR_CIRCLE)
    return around  # type: ignore[no-any-return]


def _name(
    ax: Axes, name: str, x: np.ndarray, y: np.ndarray, turns: list[float], colour: Any
) -> None:
    """Write a name beside the part of a footprint that is on the map."""
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    for turn in turns:
        inside = (x + turn > west) & (x + turn < east) & (y > south) & (y < north)
        if inside.any():
            middle = np.flatnonzero(inside)[inside.sum() // 4]
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.8}
            look: dict[str, Any] = {"fontsize": "x-small", "color": colour, "bbox": box}
            look |= {"textcoords": "offset points", "clip_on": True, "zorder": 4}
            ax.annotate(name, (x[middle] + turn, y[middle]), (5, 0), **look)
            return


def _draw_legend(ax: Axes, pole: str | None) -> None:
    """Explain the colours, each once."""
    lines, names = ax.get_legend_handles_labels()
    told = {name: line for name, line in zip(names, lines, strict=True) if name in COLOURS}
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": 3}
    if pole:
        place |= {"loc": "upper center", "bbox_to_anchor": (0.5, -0.05)}
    order = [name for name in COLOURS if name in told]
    ax.legend([told[n] for n in order], order, frameon=False, fontsize="small", **place)
