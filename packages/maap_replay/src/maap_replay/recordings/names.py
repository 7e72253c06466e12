"""The folder in the data store that follows from the id of a granule."""

from __future__ import annotations

from earthcare_products.granule_ids import parse_granule_id


def folder(product_id: str) -> str:
    """Path of a product's folder in the data store, from its id alone."""
    name = parse_granule_id(product_id)
    return (
        f"earthcare-pdgs-01/EarthCARE/{name.file_type}/{name.baseline}/"
        f"{name.start_time:%Y/%m/%d}/{product_id}"
    )
