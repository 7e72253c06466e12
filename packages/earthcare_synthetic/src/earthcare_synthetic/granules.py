"""Write the files of one granule: its data and header, or its picture."""

from __future__ import annotations

from pathlib import Path

from earthcare_synthetic.frame import Frame
from earthcare_synthetic.naming import picture_name, writable
from earthcare_synthetic.pictures import cloud_overview, quicklook
from earthcare_synthetic.products.contents import CONTENTS
from earthcare_synthetic.products.writing import write


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

    Raises
    ------
    KeyError
        If there is no writer for it.
    """
    product = writable(product_id)
    write(product, folder, Frame(product, scenes), CONTENTS[product.file_type])


def write_quicklook(product_id: str, folder: Path, scenes: Path) -> None:
    """Write the picture of a product into a folder; arguments are those of `write_product`.

    Raises
    ------
    KeyError
        If there is no writer for it, or the service has no pictures of products of its type.
    """
    picture_name(product_id)
    product = writable(product_id)
    if product.file_type == "MSI_COP_2A":  # from a coarse scene, in a second
        cloud_overview.write(product_id, folder)
    else:
        quicklook.write(product, folder, Frame(product, scenes))
