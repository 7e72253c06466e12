"""Colours and their limits, and names and colours of classes: what all figures share."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.classes import ClassInfo, class_table, unknown_class
from earthcare_products.quality import flags
from earthcare_tutorial._granule import granule_id

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from numpy.typing import NDArray

    from earthcare_products.display import Display

    Array = NDArray[Any]

MAX_CODES = 20  # an integer variable with more values than that is drawn as a quantity
NO_NAME = "not available"  # how A-TC files name some classes of the stratosphere


def legend_of(
    ds: xr.Dataset, variable: str, values: Array, file_type: str = ""
) -> dict[int, ClassInfo] | None:
    """Return the classes of a variable, or None for a quantity.

    Names (``definition``) and colours (``plot_colors``) are the file's own where it has them, else
    those of the table of the product; a code that neither knows is "unknown 42". An integer
    variable without a table, such as a flag, has names alone, on even colours.
    """
    import matplotlib as mpl

    told = granule_id(ds)
    file_type, data = told.file_type if told else file_type, ds[variable]
    table = class_table(file_type, variable)
    occur = [int(code) for code in np.unique(values[np.isfinite(values)])]
    named = named_in_file(data)
    if table is None:
        kind = np.dtype(data.encoding.get("dtype", data.dtype)).kind
        if kind not in "iub" or len(occur) > MAX_CODES:
            return None
        for flag in flags(file_type):
            named = {**flag.meanings, **named} if flag.name == variable else named
        even = mpl.colormaps["viridis"](np.linspace(0, 1, max(2, len(occur))))
        return {
            code: ClassInfo(f"{code}: {named.get(code, 'no name')}", mpl.colors.to_hex(colour))
            for code, colour in zip(occur, even, strict=False)
        }
    legend = dict(table)
    for code in {*occur, *named}:
        legend.setdefault(code, unknown_class(code))
        if named.get(code, NO_NAME) != NO_NAME:
            legend[code] = legend[code]._replace(name=named[code])
    own = str(data.attrs.get("plot_colors", "")).replace(",", " ").split()
    if len(own) == len(named):
        for code, colour in zip(sorted(named), own, strict=True):
            if mpl.colors.is_color_like(colour):
                legend[code] = legend[code]._replace(colour=colour.lower())
    return legend


def named_in_file(data: xr.DataArray) -> dict[int, str]:
    """Read codes and their names out of the attribute ``definition``, however it is written.

    Examples
    --------
    >>> import xarray as xr
    >>> named_in_file(xr.DataArray(attrs={"definition": "-1 = No data, 0 = Ground, 20 : none"}))
    {-1: 'No data', 0: 'Ground', 20: 'none'}
    """
    text = str(data.attrs.get("definition", "")).replace("\\n", "\n").replace("\\t", " ")
    if "bit1:" in text:  # a mask of bits, not codes
        return {}
    found = re.split(r"(?:^|[\n,;])\s*((?:-?\d+\s*[:=]\s*)+)", "\n" + text)[1:]
    names: dict[int, str] = {}
    for codes, name in zip(found[::2], found[1::2], strict=True):  # "102:103: Unknown" is seen too
        plain = " ".join(name.replace("_", " ").split())
        names |= dict.fromkeys(map(int, re.findall(r"-?\d+", codes)), plain)
    return names


def class_colours(
    ds: xr.Dataset, variable: str, values: Array
) -> dict[int, tuple[str, str]] | None:
    """Return name and colour of each class among values, or None for a quantity.

    Codes that stand for missing data become NaN in ``values``.
    """
    legend = legend_of(ds, variable, values)
    if legend is None:
        return None
    missing = [code for code, each in legend.items() if each.role == "missing"]
    values[np.isin(values, missing)] = np.nan
    found = np.unique(values[np.isfinite(values)]).astype(int).tolist()
    return {code: legend[code][:2] for code in found}


def numbered(
    classes: dict[int, tuple[str, str]], values: Array
) -> tuple[Array, Colormap, Normalize]:
    """Return the position of each code in the table, and colours for these positions."""
    from matplotlib.colors import ListedColormap, Normalize

    codes = np.array(sorted(classes), dtype=float)
    numbers = np.where(np.isfinite(values), np.searchsorted(codes, values), np.nan)
    colours = ListedColormap([classes[int(code)][1] for code in codes] or ["white"])
    return numbers, colours, Normalize(-0.5, max(1, len(codes)) - 0.5)


def colour_scale(
    look: Display,
    values: Array,
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


def in_lines(text: str) -> str:
    r"""Break a label so that its unit stays whole.

    >>> in_lines("Reflectivity corrected for gaseous attenuation (dBZ)")
    'Reflectivity corrected for\ngaseous attenuation\n(dBZ)'
    """
    name, _, unit = text.rpartition(" (")
    return f"{textwrap.fill(name, 30)}\n({unit}"
