"""Cells of a figure: blocks of values, their corners and colours, and the track below them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_tutorial.basemap import degrees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

    from earthcare_products.classes import ClassInfo
    from earthcare_products.display import Display


def block_mean(values: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """Average blocks of so many rows and columns over the values that are there, not NaN.

    >>> block_mean(np.array([[1.0, 3.0], [np.nan, np.nan], [5.0, 7.0]]), (2, 2))
    array([[2.],
           [6.]])
    """
    return np.asarray(_blocks(values, step).mean())


def block_mode(codes: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """Return the most frequent code of each block; of equally frequent ones, the smallest.

    >>> block_mode(np.array([[3.0, 1.0, 3.0, np.nan]]), (1, 4))
    array([[3.]])
    """
    known = np.unique(codes[np.isfinite(codes)])
    if step == (1, 1) or not known.size:
        return block_mean(codes, step)
    counts = np.stack([_blocks(codes == code, step).sum() for code in known])
    return np.where(counts.any(axis=0), known[counts.argmax(axis=0)], np.nan)


def _blocks(values: np.ndarray, step: tuple[int, int]) -> Any:
    import xarray as xr

    return xr.DataArray(values).coarsen(dim_0=step[0], dim_1=step[1], boundary="pad")


def edges(centres: np.ndarray, step: tuple[int, ...]) -> np.ndarray:
    """Return the corners of blocks of pixels, one more along each axis than there are blocks."""
    for axis, size in enumerate(step):
        margin = [(int(n == axis),) * 2 for n in range(centres.ndim)]
        wide = np.moveaxis(np.pad(centres, margin, mode="reflect", reflect_type="odd"), axis, 0)
        corners = (wide[1:] + wide[:-1]) / 2
        every = [*range(0, len(corners) - 1, size), len(corners) - 1]
        centres = np.moveaxis(corners[every], 0, axis)
    return centres


def present(
    legend: Mapping[int, ClassInfo] | None, values: np.ndarray
) -> dict[int, ClassInfo] | None:
    """Return the classes among values, if any; codes of missing data become NaN in the values."""
    if legend is None:
        return None
    missing = [code for code, each in legend.items() if each.role == "missing"]
    values[np.isin(values, missing)] = np.nan
    found = np.unique(values[np.isfinite(values)]).astype(int).tolist()
    return {code: legend[code] for code in found}


def paint(
    values: np.ndarray,
    look: Display,
    classes: Mapping[int, ClassInfo] | None,
    limits: Mapping[str, Any],
    cmap: Any = None,
) -> tuple[np.ndarray, dict[str, Any], str]:
    """Return what a mesh draws for values, its "cmap" and "norm", and a note for the title.

    ``limits`` are the "norm", "vmin" and "vmax" asked for, None where not. Of classes, the mesh
    has the position of each code among them.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    if classes is None:
        norm, note = colour_scale(look, values, **limits)
        if isinstance(norm, LogNorm):  # what is below it, as noise is, is low and not missing
            values = np.maximum(values, float(norm.vmin or 0.0) / 10)
        return values, {"cmap": plt.get_cmap(cmap or look.colours), "norm": norm}, note
    codes = np.array(sorted(classes), dtype=float)
    numbers = np.where(np.isfinite(values), np.searchsorted(codes, values), np.nan)
    colours = ListedColormap([classes[int(code)].colour for code in codes] or ["white"])
    return numbers, {"cmap": colours, "norm": Normalize(-0.5, max(1, len(codes)) - 0.5)}, ""


def colour_scale(
    look: Display,
    values: np.ndarray,
    norm: str | Normalize | None,
    vmin: float | None,
    vmax: float | None,
) -> tuple[Normalize, str]:
    """Choose the limits of the colours: those asked for, of the table, or of most values."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

    finite = values[np.isfinite(values)]
    if norm is not None and not isinstance(norm, str):
        if vmin is not None or vmax is not None:
            raise ValueError("norm has limits of its own: give it vmin and vmax, or leave it out.")
        norm.autoscale_None(finite)
        return norm, ""
    kind, note = norm or look.scale, ""
    if kind == "log":
        finite = finite[finite > 0]
        if vmin is not None and vmin <= 0:
            vmin = float(finite.min()) if finite.size else None
            note = "colours begin at the smallest value above 0: a logarithm has no 0"
    if not finite.size:
        finite = np.array([1.0, 2.0])
    low, high = look.limits or np.percentile(finite, [1, 99]).tolist()
    if (vmin is not None and vmin >= high) or (vmax is not None and vmax <= low):
        low, high = finite.min(), finite.max()  # the table does not go with what is asked for
    low, high = low if vmin is None else vmin, high if vmax is None else vmax
    if low >= high:
        if vmin is not None or vmax is not None:
            raise ValueError(
                f"Colours from {low:g} to {high:g} are none: the values run from"
                f" {finite.min():g} to {finite.max():g}."
            )
        high = low + 1
    scale = {"log": LogNorm, "linear": Normalize}.get(kind)
    made: Any = scale() if scale else ScalarMappable(norm=kind).norm  # type: ignore[arg-type]
    made.vmin, made.vmax = low, high
    return made, note


def colour_bar(ax: Axes, mesh: Any, box: tuple[float, float, float, float], text: str) -> Any:
    """Draw a colour bar in a box beside the axes, with a point where values lie beyond its end."""
    from matplotlib.colors import LogNorm

    drawn, low, high = mesh.get_array().compressed(), mesh.norm.vmin or 0, mesh.norm.vmax or 0
    extend = ("neither", "min", "max", "both")[(drawn < low).any() + 2 * (drawn > high).any()]
    beside, numbers = ax.inset_axes(box), "%g" if isinstance(mesh.norm, LogNorm) else None
    return ax.figure.colorbar(mesh, cax=beside, label=text, extend=extend, format=numbers)


def patches(classes: Mapping[int, ClassInfo]) -> list[Any]:
    """Return the entries of a legend, in the order of codes."""
    return [patch(each.name, facecolor=each.colour) for _, each in sorted(classes.items())]


def patch(name: str, **look: Any) -> Any:
    """Return an entry of a legend."""
    from matplotlib.patches import Patch

    known: dict[str, Any] = {"edgecolor": "0.5", "linewidth": 0.5} | look
    return Patch(label=textwrap.fill(name, 34), **known)


#: How places without a value look: no colour map can hide hatches.
HATCHED = {"facecolor": "white", "edgecolor": "0.72", "hatch": "////"}


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
