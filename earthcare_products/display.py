"""How each variable is drawn: unit for people, colours, limits, scale; from ``data/display.json``.

>>> look = display("cloud_water_path", unit="kg m-2")
>>> look.unit, look.factor, look.scale, look.limits
('g m-2', 1000.0, 'log', (1, 3000))
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any, Literal, NamedTuple

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Display(NamedTuple):
    """How a variable is drawn."""

    unit: str  # shown, as files write units ("g m-2"); "1" where there is none
    factor: float = 1.0  # from the unit in the file to the unit shown
    decibel: bool = False  # whether the file has linear values, of which 10 log10 is shown
    scale: Literal["linear", "log"] = "linear"
    limits: tuple[float, float] | None = None  # of the colours, in the unit shown
    colours: str = "viridis"  # a colour map of matplotlib
    averaged: Literal["as shown", "linear"] = "as shown"  # the mean of decibels is of powers
    absent: float | None = None  # in the file: nothing was retrieved, beside the fill value
    label: str = ""  # what to call it; "" for the file's own long_name


_DATA: dict[str, Any] = json.loads((files(__package__) / "data/display.json").read_text("utf-8"))


def plain_unit(unit: str) -> str:
    """Write a unit as most files do.

    >>> plain_unit("g/m^3"), plain_unit("micro m"), plain_unit("-")
    ('g m-3', 'um', '1')
    """
    unit = unit.strip()
    return str(_DATA["spelled"].get(unit, unit))


def pretty_unit(unit: str) -> str:
    """Write a unit for a label.

    >>> pretty_unit("W m-2 um-1"), pretty_unit("1")
    ('W m⁻² µm⁻¹', 'no unit')
    """
    unit = plain_unit(unit)
    if unit == "1":
        return "no unit"
    raised = re.sub(r"(?<=[a-zA-Z])-?\d", lambda power: power[0].translate(_SUPERSCRIPT), unit)
    return re.sub(r"\bum\b|\bum(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", "µm", raised)


def _factor(unit: str, shown: str) -> float | None:
    if unit == shown:
        return 1.0
    found = [factor for one, other, factor in _DATA["factors"] if (one, other) == (unit, shown)]
    return float(found[0]) if found else None


def display(variable: str, file_type: str = "", unit: str = "1") -> Display:
    """Return how a variable of a file is drawn; some products have a look of their own.

    A unit in the file that cannot be turned into that of the table is shown as it is, and the
    table's limits, which are in another unit, do not hold.

    >>> display("ice_water_content", "ATL_ICE_2A", "mg m-3").factor
    0.001
    >>> display("radarReflectivityFactor", "CPR_NOM_1B", "mm6 m-3").decibel
    True
    """
    variables, unit = _DATA["variables"], plain_unit(unit)
    row = variables.get(file_type, {}).get(variable) or variables[""].get(variable)
    if row is None and not file_type:
        rows = [names[variable] for names in variables.values() if variable in names]
        row = rows[0] if rows and all(each == rows[0] for each in rows) else None
    if row is None:
        wanted = [shown for part, shown in _DATA["unlisted"] if part in variable]
        factors = [(shown, _factor(unit, shown)) for shown in wanted]
        return next((Display(s, f) for s, f in factors if f is not None), Display(unit))
    told = dict(row)
    shown, limits = told.pop("unit"), (told.pop("low"), told.pop("high"))
    decibel = shown == "dBZ" and unit == "mm6 m-3"
    factor = 1.0 if decibel else _factor(unit, shown)
    if factor is None:
        return Display(unit, **{k: v for k, v in told.items() if k in ("colours", "label")})
    return Display(shown, factor, decibel, limits=limits, **told)
