"""Synthetic EarthCARE granules: full size, real structure, invented weather.

One scene per orbit and frame feeds every product of the frame. Everything follows from the product
id, so two machines write the same weather. The files say in their ``Notes`` that they are
synthetic.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from maap_replay.synthetic.product_id import parse

#: Raise it when a change of the writers changes what they write: caches of older versions are left
#: behind.
SCENE_VERSION = 5
#: What `Notes` in the header of a file says, and the comment in a picture. Readers recognise
#: the first word.
NOTES = "SYNTHETIC: written by maap-replay, not a measurement"
#: File type -> its processor, which the header names. Each has a module in `products`.
CREATORS = {
    "AM__CTH_2B": "AM-COL",
    "ATL_AER_2A": "A-PRO",
    "ATL_ALD_2A": "A-LAY",
    "ATL_CTH_2A": "A-LAY",
    "ATL_EBD_2A": "A-PRO",
    "ATL_ICE_2A": "A-PRO",
    "ATL_TC__2A": "A-PRO",
    "BM__RAD_2B": "BM-RAD",
    "BMA_FLX_2B": "BMA-FLX",
    "MSI_AOT_2A": "M-AOT",
    "MSI_CM__2A": "M-CLD",
    "MSI_COP_2A": "M-CLD",
    "MSI_RGR_1C": "M-L1",
}
#: File types with a picture.
PICTURES = frozenset({"MSI_COP_2A"})


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
    from maap_replay.synthetic.frame import Frame
    from maap_replay.synthetic.products.writing import write

    product = parse(_checked(product_id))
    module = import_module(f"maap_replay.synthetic.products.{product.file_type.lower()}")
    write(product, folder, Frame(product, scenes), module.contents)


def write_quicklook(product_id: str, folder: Path) -> None:
    """Write the picture ``ID.BID_1.jpeg`` into a folder."""
    from maap_replay.synthetic import quicklook

    quicklook.write(_checked(product_id), folder)


def _checked(product_id: str) -> str:
    if not can_write(product_id):
        raise KeyError(f"There is no writer for {product_id}.")
    return product_id
