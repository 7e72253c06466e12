"""EarthCARE product ids, and the folder in the data store that follows from one."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

_STAMP = "%Y%m%dT%H%M%SZ%z"


class Name(NamedTuple):
    """The parts of an EarthCARE product id; those of orbit files have no orbit and frame.

    `second` is the time of processing of a product of a frame, the end of validity of an orbit
    file.
    """

    agency: str
    baseline: str
    file_type: str
    start: datetime
    second: datetime
    orbit: int | None
    frame: str


@lru_cache(maxsize=4096)
def parse_id(product_id: str) -> Name:
    """Take an id such as ``ECA_EXBA_MSI_COP_2A_20250305T134540Z_20250912T202910Z_04366E`` apart.

    Ids of orbit files end in a number instead:
    ``ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001``.
    """
    if len(product_id) not in (58, 60) or not product_id.startswith("ECA_"):
        raise ValueError(f"{product_id!r} is not an EarthCARE product id.")
    of_frame = len(product_id) == 60
    return Name(
        agency=product_id[4],
        baseline=product_id[6:8],
        file_type=product_id[9:19],
        start=datetime.strptime(product_id[20:36] + "+0000", _STAMP),
        second=datetime.strptime(product_id[37:53] + "+0000", _STAMP),
        orbit=int(product_id[54:59]) if of_frame else None,
        frame=product_id[59] if of_frame else "",
    )


def folder(product_id: str) -> str:
    """Path of a product's folder in the data store, from its id alone."""
    name = parse_id(product_id)
    return (
        f"earthcare-pdgs-01/EarthCARE/{name.file_type}/{name.baseline}/"
        f"{name.start:%Y/%m/%d}/{product_id}"
    )
