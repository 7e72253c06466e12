"""When items were processed, published and updated: a rule, as no more than a few are public.

All functions take and return whole seconds since 1970, but for `with_milliseconds`. The two
processing times of the reprocessing of 2025 that are public in full (04366E and 04537E, five
minutes apart) set its pace.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from earthcare_products.products import catalogue_entry
from maap_replay.archive import frames

#: One or many.
Integers = Any

#: When the census was taken: nothing is younger.
COUNTED = int(datetime(2026, 2, 6, 21, 0, tzinfo=UTC).timestamp())
#: Types that JAXA makes and ESA's Level 1 and 2 collections hold.
_BY_JAXA = frozenset({"CPR_NOM_1B"})
#: From this orbit on granules were made as they came.
_ROUTINE = 7000
#: Letters in the order of the reprocessing.
_RANK = np.array(["EFGHABCD".index(letter) for letter in frames.LETTERS])
_HOUR = 3600


def _moment(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


_REPROCESSED = _moment(2025, 9, 12, 20, 29, 10)
#: 04879E, and what follows 04800, was made on 14 September.
_LATER = _moment(2025, 9, 14, 6, 10, 33) - 434 * 1.608
#: Not published before, and not updated before.
_PUBLISHED, _UPDATED = _moment(2025, 9, 16, 8), _moment(2025, 10, 13, 16, 20)


def is_near_real_time(file_type: str, baseline: str) -> bool:
    """Whether a baseline is older than the reprocessing of 2025."""
    return baseline < "DA" if file_type in _BY_JAXA else baseline < "BA"


def created(file_type: str, baseline: str, numbers: Integers, copies: Integers) -> Integers:
    """When the items of frames were processed."""
    end = frames.end(numbers)
    if file_type == "AUX_MET_1D":  # forecasts, twelve hours apart
        return end - _HOUR - 12 * _HOUR * copies
    jaxa = catalogue_entry(file_type).facility == "JAXA_SAOC"
    if is_near_real_time(file_type, baseline):
        when = end + 84 * 60
    elif jaxa and file_type not in ("AC__CLP_2B", "ATL_CLA_2A"):
        when = end + 14 * _HOUR
    else:
        when = _processed(file_type, numbers, end) + (18 * _HOUR if jaxa else 0)
    # The last ones before the census were made sooner, for there they are.
    return np.minimum(when + copies * (9 * 86400 + 431), COUNTED - (COUNTED - end) // 8)


def _processed(file_type: str, numbers: Integers, end: Integers) -> Integers:
    orbits = numbers // 8
    late = sum(map(ord, file_type)) % 600 if file_type != "MSI_COP_2A" else 0
    base = np.where(orbits >= 4800, _LATER, float(_REPROCESSED))
    anew = base + (orbits - 4366) * 1.608 + _RANK[numbers % 8] * 7 + late
    return np.where(
        orbits > _ROUTINE, end + 3 * _HOUR + orbits % 997, np.floor(anew + 0.5).astype(np.int64)
    )


def published(numbers: Integers, made: Integers) -> Integers:
    """When items came into the catalogue, in whole seconds."""
    orbits = numbers // 8
    seconds = np.maximum(made, _PUBLISHED) + orbits % 1000 * 61 + _RANK[numbers % 8] * 7
    return np.minimum(seconds, np.maximum(COUNTED, made))


def with_milliseconds(numbers: Integers, seconds: Integers) -> Integers:
    """Milliseconds since 1970 at which items came into the catalogue, from whole seconds."""
    return seconds.astype(np.int64) * 1000 + numbers // 8 * 37 % 1000


def updated(numbers: Integers, public: Integers) -> Integers:
    """When items were changed last."""
    more = numbers // 8 % 1000 * 3 + _RANK[numbers % 8] + 600
    return np.maximum(public // 1000, _UPDATED) + more
