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
from importlib.resources import files
from typing import Any, NamedTuple


class Flag(NamedTuple):
    """A flag of a product."""

    name: str  # the variable of the file that holds it
    judges: tuple[str, ...]  # the variables that it judges; a * stands for anything
    meanings: Mapping[int, str]  # what its values mean
    keep: tuple[int, ...]  # values of data that may be used; unlike the meanings, a choice
    source: str  # observed in real files, documented by a reader, or inferred from other products
    spares: tuple[str, ...] = ()  # variables that match `judges` and are not judged all the same


_LINES = (files(__package__) / "data/quality.jsonl").read_text("utf-8").splitlines()
_ROWS: list[dict[str, Any]] = [json.loads(line) for line in _LINES]


def flags(file_type: str) -> tuple[Flag, ...]:
    """Return the flags of a product; none where nothing is known of them.

    >>> [flag.name for flag in flags("AC__TC__2B")][0]
    'quality_status'
    >>> flags("CPR_TC__2A")
    ()
    """
    return tuple(
        Flag(
            row["flag"],
            tuple(row["judges"]),
            {int(code): text for code, text in row["meanings"].items()},
            tuple(row["keep"]),
            row["source"],
            tuple(row.get("spares", ())),
        )
        for row in _ROWS
        if row["file_type"] == file_type
    )


def flag_of(file_type: str, variable: str) -> Flag | None:
    """Return the flag that judges a variable, or None where no flag does.

    >>> flag_of("ATL_EBD_2A", "particle_extinction_coefficient_355nm").meanings[2]
    'likely bad'
    >>> flag_of("MSI_CM__2A", "cloud_phase").name
    'cloud_phase_quality_status'
    """

    def fits(patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(variable, pattern) for pattern in patterns)

    judging = (flag for flag in flags(file_type) if fits(flag.judges) and not fits(flag.spares))
    return next(judging, None)
