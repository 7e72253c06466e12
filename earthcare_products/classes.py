"""Codes of classes: their names and colours, product by product, from ``data/classes.json``.

A file may carry its own: names in the attribute ``definition`` and, in AC-TC, colours in
``plot_colors``. These tables are for all others, and for pictures that are drawn without a file.
To draw a variable of codes as classes, in a swath or a curtain:

>>> table = class_table("MSI_CM__2A", "cloud_type")
>>> table[3].name, table[3].colour
('Cirrus', '#93fbff')
>>> class_table("MSI_COP_2A", "cloud_top_height") is None
True

Map the codes that occur to positions in the table, give matplotlib a ``ListedColormap`` of the
colours and a legend of the names; a code that the table lacks is :func:`unknown_class`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Literal, NamedTuple

#: What a class that is no target says of a place: no data, the ground and below it, out of the
#: signal's reach, clear; "" for all others.
Role = Literal["", "missing", "surface", "attenuated", "clear"]

#: Of codes that no table knows: bright, and in no table.
UNKNOWN_COLOUR = "#ff1493"


class ClassInfo(NamedTuple):
    """Name, colour and role of a class."""

    name: str
    colour: str
    role: Role = ""


ClassTable = Mapping[int, ClassInfo]


_DATA: dict[str, Any] = json.loads((files(__package__) / "data/classes.json").read_text("utf-8"))


def class_table(file_type: str, variable: str) -> ClassTable | None:
    """Return the classes of a variable by code, or None when it holds none.

    Without a file type ("") a table is found if all products with such a variable agree on it.

    >>> class_table("", "synergetic_target_classification")[21].name
    'Ice cloud'
    """
    products = class_variables()
    asked = [products.get(file_type, {})] if file_type else [*products.values()]
    found = {names[variable] for names in asked if variable in names}
    if len(found) != 1:
        return None
    rows = _DATA["tables"][found.pop()]["classes"]
    return {code: ClassInfo(*told) for code, *told in rows}


def unknown_class(code: int) -> ClassInfo:
    """Name and colour of a code that no table has.

    >>> unknown_class(42).name
    'unknown 42'
    """
    return ClassInfo(f"unknown {code}", UNKNOWN_COLOUR)


def class_variables() -> Mapping[str, Mapping[str, str]]:
    """File type -> variable -> name of its table."""
    variables: dict[str, dict[str, str]] = _DATA["variables"]
    return variables
