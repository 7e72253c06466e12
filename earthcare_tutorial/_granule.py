"""What a dataset says of itself: its granule, how its values are judged and named."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from earthcare_products.classes import class_table
from earthcare_products.display import Display, display, pretty_unit
from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_products.msi_grid import COLUMNS, JOINT_KM, JOINT_NADIR, NADIR_COLUMN, PITCH_KM
from earthcare_products.quality import Flag, flag_of, flags

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Keep = Collection[int] | Mapping[str, Collection[int]]

# By the width of a whole line: the column at nadir, and the km from column to column (none between
# BBR's views). These are MSI's own grid, the joint standard grid, and fore, nadir, aft.
NADIR = {COLUMNS: (NADIR_COLUMN, PITCH_KM), 201: (JOINT_NADIR, JOINT_KM), 3: (1, 0.0)}


def granule_id(ds: xr.Dataset) -> GranuleId | None:
    """Return the parts of the id of the granule that a dataset comes from, or None.

    Parameters
    ----------
    ds : xarray.Dataset
        Its attribute "granule_id" is asked first, which a saved copy keeps; then the name of the
        file that it was read from.

    Examples
    --------
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


def screen(ds: xr.Dataset, variable: str, keep: Keep | None = None) -> xr.DataArray:
    """Do for one variable what :func:`mask_quality` does, if its product and its flag are known."""
    data, told = ds[variable], granule_id(ds)
    flag = flag_of(told.file_type, variable) if told else None
    if told is None or flag is None or flag.name not in ds.variables:
        return data
    if "quality_kept" in data.attrs:  # by mask_quality
        return data
    if isinstance(keep, Mapping):
        names = [each.name for each in flags(told.file_type)]
        if strange := [name for name in keep if name not in names]:
            raise ValueError(
                f"{told.file_type} has no flag {strange[0]!r}, but {', '.join(names)}."
            )
        keep = keep.get(flag.name)
    status, kept = ds[flag.name], _kept(flag, keep)
    if not set(status.dims) <= set(data.dims):
        raise ValueError(f"{variable} and {flag.name}, which judges it, have different dimensions.")
    good = status.isin(kept)
    classes = class_table(told.file_type, variable) or {}
    absent: list[float | None] = [
        code for code, (_, _, role) in classes.items() if role == "missing"
    ]
    absent += [display(variable, told.file_type, str(data.attrs.get("units", "1"))).absent]
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
    if not np.iterable(chosen):
        raise ValueError(f"keep={chosen!r} is no list of values to keep; {flag.name} has {known}.")
    if strange := [code for code in chosen if code not in flag.meanings]:
        raise ValueError(f"{flag.name} has no value {strange[0]!r}, but {known}.")
    return [int(code) for code in chosen]


def look_of(ds: xr.Dataset, variable: str) -> Display:
    """Return how a variable of a dataset is drawn: its unit, its factor, its colours."""
    told, attrs = granule_id(ds), ds[variable].attrs
    return display(variable, told.file_type if told else "", str(attrs.get("units", "1")))


def granule_title(ds: xr.Dataset) -> str:
    """Return "product orbit and frame, date", or nothing when the dataset does not know."""
    told = granule_id(ds)
    if told is None:
        return ""
    return f"{told.file_type} {told.orbit_and_frame}, {told.start_time:%Y-%m-%d}"


def label(ds: xr.Dataset, variable: str) -> str:
    """Return "Long name (unit)" for the unit shown."""
    look = look_of(ds, variable)
    name = look.label or str(ds[variable].attrs.get("long_name") or variable.replace("_", " "))
    return f"{name[:1].upper()}{name[1:]} ({pretty_unit(look.unit)})"
