"""What an EarthCARE product id says: class, file type, times, orbit and frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_PATTERN = re.compile(
    r"ECA_(?P<file_class>[EJ][XNO][A-Z]{2})_(?P<file_type>[A-Z0-9_]{10})"
    r"_(?P<start>\d{8}T\d{6})Z_(?P<processed>\d{8}T\d{6})Z_(?P<orbit>\d{5})(?P<frame>[A-H])"
)


@dataclass(frozen=True)
class ProductId:
    """The parts of a product id; times are UTC."""

    text: str
    file_class: str
    file_type: str
    start: datetime
    processed: datetime
    orbit: int
    frame: str


def parse(product_id: str) -> ProductId:
    """Take a product id apart.

    Parameters
    ----------
    product_id : str
        For example ``ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E``, without
        extension.

    Returns
    -------
    ProductId

    Raises
    ------
    ValueError
        If it is not the id of a product of one frame.
    """
    match = _PATTERN.fullmatch(product_id)
    if match is None:
        raise ValueError(f"{product_id!r} is not the id of an EarthCARE product of one frame.")
    return ProductId(
        text=product_id,
        file_class=match["file_class"],
        file_type=match["file_type"],
        start=_utc(match["start"]),
        processed=_utc(match["processed"]),
        orbit=int(match["orbit"]),
        frame=match["frame"],
    )


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
