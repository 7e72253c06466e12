"""The products of EarthCARE, and their names: one row each, from ``data/products.jsonl``.

>>> PRODUCTS["MSI_COP_2A"].short_name
'M-COP'
>>> [name for name, product in PRODUCTS.items() if product.paper == "10.5194/amt-16-2795-2023"]
['CPR_TC__2A', 'AC__TC__2B']
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from reprlib import repr as short
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

#: How the variables of a product lie: a picture (along, across), profiles (along, height), a value
#: a step along the track, three views at each step, or nothing to draw.
Form = Literal["swath", "curtain", "line", "views", "none"]


class CatalogueEntry(NamedTuple):
    """How ESA MAAP's catalogue describes the granules of a product."""

    instrument: str = "SYNERGETIC"
    facility: str = "PDGS-CPFxx"
    processor: str | None = None
    drawn_as: Literal["line", "swath", "none"] = "line"  # the outline on its map
    picture: int | None = 1  # in the name of the quicklook (ID.BID_1.jpeg); None: there is none
    acquisition: str = "other"
    mode: str = "DEFAULT"
    suffix: str = ".h5"
    keys_swapped: bool = False  # the data file stands under the key of the header, and the reverse


class Product(NamedTuple):
    """One product."""

    file_type: str  # such as "MSI_COP_2A"
    short_name: str  # such as "M-COP"; a few products have none
    title: str
    holds: str  # in a few words
    agency: Literal["ESA", "JAXA"]
    instrument: str  # or "SYNERGETIC" for several, as the catalogue says
    instruments: tuple[str, ...]  # whose data it is made from
    level: str  # "0", "1B", "1C", "1D", "2A", "2B", or "-" for orbit and attitude files
    form: Form
    variables: Mapping[str, str]  # the main ones and their units in the file, as far as public
    groups: tuple[str, ...]  # of the file that hold variables; JAXA keeps values and places apart
    dimensions: tuple[str, ...]  # of the main variables; JAXA's have no names
    collections: tuple[str, ...]  # of the catalogue: open ones, unless only closed ones have it
    handbook: str  # address of its page at ESA or JAXA; "" where none is known
    paper: str  # DOI of the paper that describes it
    data_dois: Mapping[str, str]  # by baseline, as far as they are public
    catalogue: CatalogueEntry
    source: str  # how the row is known


def _product(row: dict[str, Any]) -> Product:
    several = len(row["instruments"]) > 1
    row["instrument"] = "SYNERGETIC" if several else row["instruments"][0]
    catalogue = {
        "instrument": row["instrument"],
        "facility": row.pop("facility"),
        "processor": row.pop("processor", None),
        "picture": row.pop("picture", None),
        "drawn_as": "none",
    } | row.pop("catalogue", {})
    for name in ("instruments", "groups", "dimensions", "collections"):
        row[name] = tuple(row.get(name, ()))
    usual: dict[str, Any] = {"variables": {}, "data_dois": {}, "handbook": ""}
    return Product(**usual | row, catalogue=CatalogueEntry(**catalogue))


_LINES = (files(__package__) / "data/products.jsonl").read_text("utf-8").splitlines()
#: File type -> product, in the order of levels and instruments.
PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {row.file_type: row for row in map(_product, map(json.loads, _LINES))}
)


def catalogue_entry(file_type: str) -> CatalogueEntry:
    """How the catalogue describes a file type; of an unknown one, what is usual."""
    return PRODUCTS[file_type].catalogue if file_type in PRODUCTS else CatalogueEntry()


def _squeeze(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _names() -> dict[str, str]:
    """What leads to a file type: "MCOP", "MSICOP2A" and "MSICOP" all to "MSI_COP_2A"."""
    names = {}
    for code, product in PRODUCTS.items():
        names[_squeeze(code)] = code
        if product.short_name:
            names[_squeeze(product.short_name)] = code
        if product.level[0] in "12":
            names[_squeeze(code[:-3])] = code
    return names


_NAMES = _names()


def file_type(name: str) -> str:
    """Return the file type that the catalogue uses for a product's name.

    Parameters
    ----------
    name : str
        A file type ("MSI_COP_2A"), or a short name with or without the dash ("M-COP", "MCOP");
        upper and lower case are the same.

    Returns
    -------
    str
        The file type, ten characters long.

    Raises
    ------
    ValueError
        When there is no such product; the message names the nearest one.

    Examples
    --------
    >>> from earthcare_products.products import file_type
    >>> file_type("M-COP")
    'MSI_COP_2A'
    """
    squeezed = _squeeze(name)
    if squeezed in _NAMES:
        return _NAMES[squeezed]
    near = PRODUCTS[_NAMES[difflib.get_close_matches(squeezed, _NAMES, n=1, cutoff=0.0)[0]]]
    also = f" ({near.short_name})" if near.short_name else ""
    raise ValueError(
        f"There is no EarthCARE product {short(name)}; the nearest is {near.file_type}{also}."
    )
