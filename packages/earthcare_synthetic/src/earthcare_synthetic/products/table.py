"""The variables of each product as the real files have them: one JSON line each, in `tables/`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from earthcare_products import conventions

TABLES = Path(__file__).with_name("tables")
#: What can be written: the types of product of which a table says which variables they have.
FILE_TYPES = frozenset(path.name[:10] for path in TABLES.glob("*.jsonl"))
#: Kind on disk -> fill value that HDF5 keeps for pieces nobody wrote; in the attribute `_FillValue`
#: only where the table says so.
FILLS: dict[str, Any] = {
    "f4": conventions.FLOAT_FILL,
    "f8": conventions.FLOAT_FILL,
    "i1": conventions.BYTE_FILL,
    "i2": conventions.SHORT_FILL,
    "i4": conventions.INTEGER_FILL,
    "S1": b"\0",
}


@dataclass(frozen=True)
class Variable:
    """One variable of a file.

    `fill` is the value of its attribute `_FillValue`, or None where the real file has none.
    `origin` says how this line is known: observed, documented, or chosen.
    """

    name: str
    dimensions: tuple[str, ...]
    kind: str
    origin: str
    fill: float | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@cache
def read_table(name: str) -> tuple[Variable, ...]:
    """Variables of a product or of a group of one, in the order of the file.

    Parameters
    ----------
    name : str
        A file type such as ``CPR_CLD_2A``, or the name of another table in ``tables/``.

    A line has the keys ``name``, ``dims``, ``kind`` (``f4``, ``f8``, ``i1``, ``i2``, ``i4``,
    ``S1``), ``origin``, ``fill`` (true for the usual value of the kind, or a number) and ``attrs``.
    """
    lines = (TABLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_variable(json.loads(line)) for line in lines)


def as_stored(variable: Variable, shape: tuple[int, ...], values: Any | None) -> Any:
    """Values as a file keeps them: with fill for NaN, or fill everywhere where there are none."""
    fill = FILLS[variable.kind] if variable.fill is None else variable.fill
    if values is None:
        return np.full(shape, fill, variable.kind)
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"{variable.name} has the shape {shape}, not {values.shape}.")
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), fill, values)
    return values.astype(variable.kind, copy=False)


def _variable(line: dict[str, Any]) -> Variable:
    fill = line.get("fill")
    return Variable(
        name=line["name"],
        dimensions=tuple(line["dims"]),
        kind=line["kind"],
        origin=line["origin"],
        fill=FILLS[line["kind"]] if fill is True else fill,
        attributes={name: _stored(value) for name, value in line.get("attrs", {}).items()},
    )


def _stored(value: Any) -> Any:
    """Attribute as it is stored: text, or numbers of 32 bits."""
    if isinstance(value, str):
        return value
    numbers = np.asarray(value)
    return numbers.astype(np.int32 if numbers.dtype.kind == "i" else np.float32)
