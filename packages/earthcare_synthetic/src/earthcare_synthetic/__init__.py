"""Synthetic EarthCARE granules: full size, real structure, invented weather.

One scene per orbit and frame feeds every product of the frame. Everything follows from the product
id, so two machines write the same weather; but for the last digits, which differ between
processors, and with them the sizes of compressed chunks. The files say in their ``Notes`` that they
are synthetic.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from earthcare_products.product_types import type_of
from earthcare_synthetic.product_id import parse

if TYPE_CHECKING:  # the writers need this module
    from earthcare_synthetic.products.writing import Contents

#: Raise it when a change of the writers changes what they write: caches of older versions are left
#: behind.
SCENE_VERSION = 7
#: What `Notes` in the header of a file says, and the comment in a picture. Readers recognise
#: the first word.
NOTES = "SYNTHETIC: written by maap-replay, not a measurement"
#: File type -> its processor, which the header names. Each has a module in `products`.
CREATORS = {
    "ACM_CAP_2B": "ACM-CAP",
    "AC__CLP_2B": "JAXA EarthCARE Processor",
    "AC__TC__2B": "AC-TC",
    "AM__CTH_2B": "AM-COL",
    "ATL_AER_2A": "A-PRO",
    "ATL_ALD_2A": "A-LAY",
    "ATL_CTH_2A": "A-LAY",
    "ATL_EBD_2A": "A-PRO",
    "ATL_ICE_2A": "A-PRO",
    "ATL_TC__2A": "A-PRO",
    "CPR_CD__2A": "C-PRO",
    "CPR_CLD_2A": "C-CLD",
    "CPR_CLP_2A": "JAXA EarthCARE Processor",
    "CPR_FMR_2A": "C-PRO",
    "CPR_TC__2A": "C-PRO",
    "BM__RAD_2B": "BM-RAD",
    "BMA_FLX_2B": "BMA-FLX",
    "MSI_AOT_2A": "M-AOT",
    "MSI_CM__2A": "M-CLD",
    "MSI_COP_2A": "M-CLD",
    "MSI_RGR_1C": "M-L1",
}


def can_write(product_id: str) -> bool:
    """Whether there is a writer for the file type of a product id (of one frame, A to H)."""
    try:
        return parse(product_id).file_type in CREATORS
    except ValueError:
        return False


def write_product(product_id: str, folder: Path, scenes: Path) -> None:
    """Write ``ID.h5`` and ``ID.HDR`` into a folder; each appears when it is complete.

    Parameters
    ----------
    product_id : str
        What to write.
    folder : Path
        Where to.
    scenes : Path
        Folder in which the scene of the frame is kept for its other products.
    """
    from earthcare_synthetic.frame import Frame
    from earthcare_synthetic.products.writing import write

    product = parse(_checked(product_id))
    write(product, folder, Frame(product, scenes), contents_of(product.file_type))


def contents_of(file_type: str) -> Contents:
    """The function that says, for a product and its frame, which groups a file has."""
    module = import_module(f"earthcare_synthetic.products.{file_type.lower()}")
    contents: Contents = module.contents
    return contents


def picture_name(product_id: str) -> str:
    """Name of the picture of a product, such as ``ID.BID_1.jpeg``.

    Raises
    ------
    KeyError
        If the service has no pictures of products of this type, or there is no writer.
    """
    number = type_of(parse(_checked(product_id)).file_type).picture
    if number is None:
        raise KeyError(f"Products such as {product_id} have no picture.")
    return f"{product_id}.BID_{number}.jpeg"


def write_quicklook(product_id: str, folder: Path, scenes: Path) -> None:
    """Write the picture of a product into a folder; arguments are those of `write_product`."""
    from earthcare_synthetic import quicklook
    from earthcare_synthetic.frame import Frame
    from earthcare_synthetic.pictures import quicklook as pictures

    picture_name(product_id)
    product = parse(product_id)
    if product.file_type == "MSI_COP_2A":  # from a coarse scene, in a second
        quicklook.write(product_id, folder)
    else:
        pictures.write(product, folder, Frame(product, scenes))


def _checked(product_id: str) -> str:
    if not can_write(product_id):
        raise KeyError(f"There is no writer for {product_id}.")
    return product_id
