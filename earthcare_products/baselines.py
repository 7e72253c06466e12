"""Periods of the baselines of each product, by a census of the catalogue.

``data/baselines.json`` is written by ``tools/make_baselines.py`` from counts of the live catalogue
on the day that :func:`census_origin` names; newer granules, and newer baselines, came later.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Baseline(NamedTuple):
    """One baseline of a product.

    ``start_time`` and ``end_time`` are the starts of its first and last granule (UTC); ``first``
    and ``last`` their orbits and frames, "" where they have none; ``granules`` their number;
    ``is_open`` tells whether every account may read them. A stray granule may make a baseline begin
    long before the rest of it.
    """

    baseline: str
    start_time: datetime
    end_time: datetime
    first: str
    last: str
    granules: int
    is_open: bool


@cache
def _data() -> dict[str, Any]:
    text = (files("earthcare_products") / "data" / "baselines.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def census_origin() -> str:
    """Who counted, when and what."""
    origin: str = _data()["origin"]
    return origin


@cache
def baselines(file_type: str) -> tuple[Baseline, ...]:
    """Return the baselines of a product, in the order of their names.

    Parameters
    ----------
    file_type : str
        Such as "CPR_CLP_2A".

    Returns
    -------
    tuple of Baseline
        Empty for a product that nobody counted.

    Examples
    --------
    >>> [(each.baseline, f"{each.start_time:%Y-%m-%d}") for each in baselines("CPR_CLP_2A")]
    [('BB', '2024-06-17'), ('CA', '2025-11-28')]
    """
    return tuple(
        Baseline(
            name,
            datetime.fromisoformat(told["start"]),
            datetime.fromisoformat(told["end"]),
            told["first"],
            told["last"],
            told["count"],
            told["open"],
        )
        for name, told in _data()["baselines"].get(file_type, {}).items()
    )
