"""Show where granules lie on the Earth, by day and by night, with matplotlib alone."""

from __future__ import annotations

from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from earthcare_tutorial import _footprint, basemap
from earthcare_tutorial._notes import one_granule, warn
from earthcare_tutorial.basemap import degrees
from earthcare_tutorial.products import identify, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pystac
    from matplotlib.axes import Axes

#: Colours that the colour-blind tell apart (Okabe and Ito).
COLOURS = {"day": "#d55e00", "day and night": "#8a4f9e", "night": "#0072b2"}
MOST_LABELS = 16  # more names than that hide the map
POLAR_CIRCLE = 50.0  # a map of a pole ends at this latitude, in degrees


def plot_map(
    granules: pystac.Item | Iterable[pystac.Item],
    ax: Axes | None = None,
    *,
    bbox: tuple[float, float, float, float] | None = None,
    pole: Literal["north", "south"] | None = None,
    labels: bool | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the footprints of granules on coastlines, coloured by day and night.

    Day is where the Sun is up at the middle of the granule's time. The map is equirectangular: a
    degree of longitude is as wide near a pole as at the equator, so that frames C and G, which
    turn round a pole, look stretched. ``pole`` shows them in their true shape.

    Parameters
    ----------
    granules : pystac.Item or iterable of pystac.Item
        From :func:`search`; their footprint is a polygon, or a line for profiles.
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
        When there is nothing to draw, or no footprint is known.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> items = ect.search("A-EBD", orbit_number=4537, frame_id=["D", "E"])
    >>> ax = ect.plot_map(items)
    >>> [line.get_gid() for line in ax.lines if line.get_gid()]
    ['04537D', '04537E']
    """
    import matplotlib.pyplot as plt

    given = listed(granules)
    if not given:
        raise ValueError("There are no granules to draw: the list is empty.")
    parts = [(granule, _outlines(granule)) for granule in given]
    outlines = [outline for _, found in parts for outline in found]
    if missing := [granule.id for granule, found in parts if not found]:
        sentence = f"No footprint that is a polygon or a line, so not drawn: {', '.join(missing)}."
        if not outlines:
            raise ValueError(sentence)
        warn(sentence)
    if pole not in (None, "north", "south"):
        raise ValueError(f"pole={short(pole)} is neither 'north' nor 'south'.")
    if ax is None:
        ax = plt.subplots(figsize=(6, 6) if pole else (9, 4.8), layout="constrained")[1]
    basemap.plain_axes(ax, "plot_map", kwargs)
    if pole:
        ax = _draw_pole(ax, pole)
    else:
        _draw_world(ax, bbox or (-180, -90, 180, 90))
    named = len(outlines) <= MOST_LABELS if labels is None else labels
    west, east = ax.get_xlim()
    for outline in outlines:
        look: dict[str, Any] = {"color": COLOURS[outline.side], "linewidth": 1.2, "zorder": 3}
        look |= kwargs
        x, y = outline.longitude, outline.latitude
        turns = [turn for turn in (-360, 0, 360) if x.min() + turn < east and x.max() + turn > west]
        if pole:
            (x, y), turns = _from_pole(x, y, pole), [0]
        for turn in turns:
            (line,) = ax.plot(x + turn, y, gid=outline.name, label=outline.side, **look)
            if outline.closed:
                shade: dict[str, Any] = {"alpha": 0.35, "linewidth": 0, "zorder": 2}
                ax.fill(x + turn, y, color=line.get_color(), **shade)
        if named and outline.name:
            _name(ax, outline.name, x, y, turns, look["color"])
    if "color" not in kwargs:
        _draw_legend(ax, pole)
    return ax


class Outline(NamedTuple):
    """Where a granule lies, or a part of it; degrees, longitude without jumps."""

    name: str
    longitude: np.ndarray
    latitude: np.ndarray
    closed: bool  # an area, not a track
    side: str  # one of COLOURS


def _outlines(granule: pystac.Item) -> list[Outline]:
    """Return the parts of a granule's footprint."""
    one_granule(granule)
    told, name = granule.common_metadata, identify(granule).orbit_and_frame
    start, end = told.start_datetime or granule.datetime, told.end_datetime or granule.datetime
    closed, found = "Polygon" in (granule.geometry or {}).get("type", ""), []
    for line in _footprint.outlines(granule.geometry):
        longitude, latitude = _footprint.along_great_circles(line[:, 0], line[:, 1])
        side = "day and night"
        if start and end:
            lit = _footprint.sun_is_up(start + (end - start) / 2, latitude, longitude)
            side = "day" if lit.all() else side if lit.any() else "night"
        if closed and abs(longitude[-1] - longitude[0]) > 180:  # it holds a pole: along its edge
            pole = np.copysign(90.0, latitude.mean())
            longitude = np.r_[longitude, longitude[-1], longitude[0]]
            latitude = np.r_[latitude, pole, pole]
        found.append(Outline(name, longitude, latitude, closed, side))
    return found


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


def _name(ax: Axes, name: str, x: np.ndarray, y: np.ndarray, turns: list[int], colour: Any) -> None:
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
