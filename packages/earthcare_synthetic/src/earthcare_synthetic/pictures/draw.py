"""Draw a panel of a product: curtain, swath, or lines, each with its colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.patches import Patch

from earthcare_products.classes import ClassTable
from earthcare_synthetic.pictures.panels import Panel, across_track

#: Steps along the track in a picture; limits of a curtain in km.
STEPS, FLOOR, TOP = 1200, -0.5, 20.0
HEIGHT = "height"
#: Where there is no value.
NOTHING = "#ececec"
#: Lines of products with several values in a place, as BBR has them.
VIEWS = {"fore": "#0072b2", "nadir": "black", "aft": "#d55e00"}
#: Classes that have room beside a panel of usual height.
NAMED = 13

Array = npt.NDArray[Any]


def draw_panel(
    axis: Axes,
    panel: Panel,
    data: Mapping[str, Any],
    x: Array | None = None,
    named: int = NAMED,
) -> None:
    """Draw one variable of a product, with a colour bar or a legend of its classes.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        Where to.
    panel : Panel
        What and how.
    data : mapping of str to array
        The variable and the height of curtains, by name, with NaN for fill.
    x : ndarray, optional
        Where along the track the values lie; by default their number.
    named : int
        How many classes the legend names at most: those with the most pixels.
    """
    values = np.asarray(data[panel.variable])
    values = values if panel.band is None else values[panel.band]
    along: Array = np.arange(len(values)) if x is None else x
    step = max(1, len(values) // STEPS)
    values, along = values[::step], along[::step]
    axis.set_facecolor(NOTHING)
    if panel.form == "lines":
        _lines(axis, panel, along, values * panel.look.factor)
        return
    if panel.form == "curtain":
        height = np.asarray(data[HEIGHT])[::step]
        inside = np.isfinite(height).all(axis=0)
        values, across = values[:, inside], height[:, inside] / 1000
        along = np.broadcast_to(along[:, None], across.shape)
        axis.set_ylim(FLOOR, TOP)
        axis.set_yticks(range(0, round(TOP) + 1, 5))
        axis.set_ylabel("Height (km)")
    else:
        nadir, pitch_km = across_track(panel.file_type)
        across = np.asarray((np.arange(values.shape[1]) - nadir) * pitch_km)
        axis.set_ylabel("Right of\ntrack (km)")
        axis.set_ylim(45, -125)
    if panel.classes is None:
        look = panel.look
        low, high = panel.limits or look.limits or (None, None)
        norm = (LogNorm if look.scale == "log" else Normalize)(low, high)
        there = values if look.absent is None else np.where(values == look.absent, np.nan, values)
        shown = there * np.float32(look.factor)
        colours = matplotlib.colormaps[panel.colours or look.colours]
        drawn = _mesh(axis, along, across, shown, norm, colours)
        beside = axis.inset_axes((1.01, 0, 0.012, 1))
        bar = axis.figure.colorbar(drawn, cax=beside, extend="both")
        bar.set_label(panel.label.replace(" (", "\n("))  # its unit in a second line
    else:
        _draw_classes(axis, panel, panel.classes, along, across, values, named)


def _mesh(
    axis: Axes, along: Array, across: Array, values: Array, norm: Normalize, colours: Colormap
) -> Any:
    turned = along.T if along.ndim == 2 else along, across.T if across.ndim == 2 else across
    return axis.pcolormesh(
        *turned, values.T, norm=norm, cmap=colours, shading="nearest", rasterized=True
    )


def _draw_classes(
    axis: Axes,
    panel: Panel,
    classes: ClassTable,
    along: Array,
    across: Array,
    values: Array,
    named: int,
) -> None:
    """Colours of classes, and a legend of those that are most frequent in the picture."""
    codes = np.array(sorted(classes))
    number = np.searchsorted(codes, np.nan_to_num(values, nan=codes[0])).clip(0, len(codes) - 1)
    unknown = codes[number] != values
    colours = ListedColormap([classes[int(code)].colour for code in codes])
    shown = np.ma.masked_array(number, unknown)
    _mesh(axis, along, across, shown, Normalize(-0.5, len(codes) - 0.5), colours)
    pixels = np.bincount(shown.compressed(), minlength=len(codes))
    patches = [
        Patch(facecolor=colours(int(i)), edgecolor="grey", label=classes[int(codes[i])].name)
        for i in sorted(np.argsort(-pixels)[:named])
        if pixels[i]
    ]
    axis.legend(
        handles=patches, title=panel.label, loc="center left", bbox_to_anchor=(1.005, 0.5),
        fontsize="x-small", title_fontsize="small", frameon=False, handlelength=1, labelspacing=0.2,
        borderaxespad=0,
    )  # fmt: skip


def _lines(axis: Axes, panel: Panel, along: Array, values: Array) -> None:
    """One line of dots, or one for each view."""
    if values.ndim == 1:
        axis.plot(along, values, ".", markersize=1.5, color="#0072b2")
    else:
        for (name, colour), column in zip(VIEWS.items(), values.T, strict=True):
            axis.plot(along, column, linewidth=0.7, color=colour, label=name)
        axis.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize="small", frameon=False)
    axis.set_ylim(*(panel.look.limits or (None, None)))
    axis.set_ylabel(panel.label)
    axis.margins(x=0)
