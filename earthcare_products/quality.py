"""Which flag of a product judges which of its variables, and what its values mean.

Read from ``data/quality.jsonl``, one line a flag. A variable that no line names is judged by no
flag: a surface elevation gets neither better nor worse with the retrieval beside it.

>>> flag_of("MSI_COP_2A", "cloud_water_path").keep
(0, 1, 2)
>>> flag_of("AM__CTH_2B", "cloud_fraction") is None
True
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple


class Flag(NamedTuple):
    """A flag of a product.

    Parameters
    ----------
    name : str
        The variable of the file that holds it.
    judges : tuple of str
        The variables that it judges; a ``*`` stands for anything.
    meanings : mapping of int to str
        What its values mean.
    keep : tuple of int
        Values of data that may be used. Unlike the meanings this is a choice.
    source : str
        How this is known: observed in real files, documented by software that reads them, or
        inferred from a related product.
    spares : tuple of str
        Variables that match ``judges`` and are not judged all the same.
    """

    name: str
    judges: tuple[str, ...]
    meanings: Mapping[int, str]
    keep: tuple[int, ...]
    source: str
    spares: tuple[str, ...] = ()


@cache
def flags(file_type: str) -> tuple[Flag, ...]:
    """Return the flags of a product; none where nothing is known of them.

    Parameters
    ----------
    file_type : str
        Ten characters, such as "MSI_COP_2A".

    Examples
    --------
    >>> [flag.name for flag in flags("AC__TC__2B")][0]
    'quality_status'
    >>> flags("CPR_TC__2A")
    ()
    """
    text = (files("earthcare_products") / "data" / "quality.jsonl").read_text(encoding="utf-8")
    rows = (json.loads(line) for line in text.splitlines())
    return tuple(
        Flag(
            row["flag"],
            tuple(row["judges"]),
            MappingProxyType({int(code): text for code, text in row["meanings"].items()}),
            tuple(row["keep"]),
            row["source"],
            tuple(row.get("spares", ())),
        )
        for row in rows
        if row["file_type"] == file_type
    )


def flag_of(file_type: str, variable: str) -> Flag | None:
    """Return the flag that judges a variable, or None where no flag does.

    Parameters
    ----------
    file_type : str
        Such as "ATL_EBD_2A".
    variable : str
        Its name in the file.

    Examples
    --------
    >>> flag_of("ATL_EBD_2A", "particle_extinction_coefficient_355nm").meanings[2]
    'likely bad'
    >>> flag_of("MSI_CM__2A", "cloud_phase").name
    'cloud_phase_quality_status'
    """
    for flag in flags(file_type):
        if any(fnmatchcase(variable, pattern) for pattern in flag.judges) and not any(
            fnmatchcase(variable, pattern) for pattern in flag.spares
        ):
            return flag
    return None
