"""Which products can be written, and how the files of a product are called."""

from __future__ import annotations

from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_products.products import catalogue_entry
from earthcare_synthetic.products.table import FILE_TYPES


def can_write(product_id: str) -> bool:
    """Whether there is a writer for the file type of a product id (of one frame, A to H)."""
    try:
        return parse_granule_id(product_id).file_type in FILE_TYPES
    except ValueError:
        return False


def writable(product_id: str) -> GranuleId:
    """Take the id of a product apart that can be written.

    Raises
    ------
    KeyError
        If there is no writer for it.
    """
    if not can_write(product_id):
        raise KeyError(f"There is no writer for {product_id}.")
    return parse_granule_id(product_id)


def picture_name(product_id: str) -> str:
    """Name of the picture of a product, such as ``ID.BID_1.jpeg``.

    Raises
    ------
    KeyError
        If the service has no pictures of products of this type, or there is no writer.
    """
    number = catalogue_entry(writable(product_id).file_type).picture
    if number is None:
        raise KeyError(f"Products such as {product_id} have no picture.")
    return f"{product_id}.BID_{number}.jpeg"
