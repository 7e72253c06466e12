"""What a dataset says of itself: its granule, how its values are judged, named and drawn."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.classes import ClassInfo, class_table, unknown_class
from earthcare_products.conventions import BYTE_FILL, INTEGER_FILL, SHORT_FILL
from earthcare_products.display import Display, display, pretty_unit
from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_products.quality import Flag, flag_of, flags

if TYPE_CHECKING:
    import xarray as xr

    Keep = Collection[int] | Mapping[str, Collection[int]]

FILLS = {1: BYTE_FILL, 2: SHORT_FILL, 4: INTEGER_FILL}  # by size, where no attribute names one
MAX_CODES = 20  # an integer variable with more values than that is drawn as a quantity
NO_NAME = "not available"  # how A-TC files name some classes of the stratosphere


def granule_id(ds: xr.Dataset) -> GranuleId | None:
    """Return the parts of the id of the granule that a dataset comes from, or None.

    Its attribute "granule_id" is asked first, which a saved copy keeps; then the name of the file
    that it was read from.

    >>> import xarray as xr
    >>> ds = xr.Dataset()
    >>> ds.encoding["source"] = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E.h5"
    >>> granule_id(ds).frame
    'E'
    """
    source = re.split(r"[\\/]", str(ds.encoding.get("source", "")))[-1]
    for name in (str(ds.attrs.get("granule_id", "")), source.partition(".")[0]):
        try:
            return parse_granule_id(name)
        except ValueError:
            continue
    return None


def _product(ds: xr.Dataset) -> str:
    told = granule_id(ds)
    return told.file_type if told else ""


def floats(data: xr.DataArray) -> np.ndarray:
    """Return the values as float, with NaN in place of what netCDF fills gaps with."""
    values = np.asarray(data.values)
    if values.dtype.kind == "i":
        return np.where(values == FILLS.get(values.itemsize), np.nan, values.astype(float))
    return np.where(np.abs(values) < 9e35, values, np.nan).astype(float)


def screen(ds: xr.Dataset, variable: str, keep: Keep | None = None) -> xr.DataArray:
    """Do for one variable what :func:`mask_quality` does, if its product and its flag are known."""
    data, product = ds[variable], _product(ds)
    flag = flag_of(product, variable)
    if flag is None or flag.name not in ds.variables or "quality_kept" in data.attrs:
        return data  # nothing judges it, or mask_quality has
    if isinstance(keep, Mapping):
        names = [each.name for each in flags(product)]
        if strange := [name for name in keep if name not in names]:
            raise ValueError(f"{product} has no flag {short(strange[0])}, but {', '.join(names)}.")
        keep = keep.get(flag.name)
    status, kept = ds[flag.name], _kept(flag, keep)
    if not set(status.dims) <= set(data.dims):
        raise ValueError(f"{variable} and {flag.name}, which judges it, have different dimensions.")
    good = status.isin(kept)
    classes = class_table(product, variable) or {}
    absent = [look_of(ds, variable).absent]
    absent += [code for code, each in classes.items() if each.role == "missing"]
    there = np.isfinite(data) & ~data.isin([value for value in absent if value is not None])
    out = there & ~good
    share = int(out.sum()) / max(1, int(there.sum()))
    named = [
        f"{code} ({text})"
        for code, text in flag.meanings.items()
        if code not in kept and bool((out & (status == code)).any())
    ]
    shown = "under 0.1%" if 0 < share < 0.001 else f"{share:.1%}"
    told_out = f"{shown} of the retrieved values left out"
    masked = data.where(good)
    masked.attrs = data.attrs | {
        "quality_kept": f"{flag.name} {', '.join(map(str, kept))}",
        "left_out": told_out + (f": {flag.name} {', '.join(named)}" if named else ""),
    }
    return masked


def _kept(flag: Flag, keep: Collection[int] | None) -> list[int]:
    chosen: Any = flag.keep if keep is None else keep
    known = ", ".join(f"{code} ({text})" for code, text in flag.meanings.items())
    if not np.iterable(chosen) or isinstance(chosen, str):
        raise ValueError(
            f"keep={short(chosen)} is no list of values to keep; {flag.name} has {known}."
        )
    if strange := [code for code in chosen if code not in flag.meanings]:
        raise ValueError(f"{flag.name} has no value {short(strange[0])}, but {known}.")
    return [int(code) for code in chosen]


def whole_dataset(ds: Any) -> None:
    """Say what to give where something else than a dataset came."""
    if not hasattr(ds, "data_vars"):
        raise TypeError(
            f"A dataset of open_granule is needed, with its places and times, not a"
            f" {type(ds).__name__}: the variable's name comes after it."
        )


def left_out(judged: xr.DataArray) -> str:
    """Say what its quality took away, unless that is nothing."""
    told = str(judged.attrs.get("left_out", ""))
    return "" if told.startswith("0.0%") else told


def look_of(ds: xr.Dataset, variable: str) -> Display:
    """Return how a variable of a dataset is drawn: its unit, its factor, its colours."""
    return display(variable, _product(ds), str(ds[variable].attrs.get("units", "1")))


def granule_title(ds: xr.Dataset) -> str:
    """Return "product orbit and frame, date", or nothing when the dataset does not know."""
    told = granule_id(ds)
    return f"{told.file_type} {told.orbit_and_frame}, {told.start_time:%Y-%m-%d}" if told else ""


def label(ds: xr.Dataset, variable: str) -> str:
    """Return "Long name (unit)" for the unit shown."""
    look = look_of(ds, variable)
    name = look.label or str(ds[variable].attrs.get("long_name") or variable.replace("_", " "))
    return f"{name[:1].upper()}{name[1:]} ({pretty_unit(look.unit)})"


def legend_of(
    ds: xr.Dataset, variable: str, values: np.ndarray, file_type: str = ""
) -> dict[int, ClassInfo] | None:
    """Return the classes of a variable, or None for a quantity.

    Names (``definition``) and colours (``plot_colors``) are the file's own where it has them, else
    those of the table of the product; a code that neither knows is "unknown 42". An integer
    variable without a table, such as a flag, has names alone, on even colours.
    """
    import matplotlib as mpl

    file_type, data = _product(ds) or file_type, ds[variable]
    table = class_table(file_type, variable)
    occur = np.unique(values[np.isfinite(values)]).astype(int).tolist()
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
