"""Synthetic EarthCARE granules: full size, real structure, invented weather.

One scene per orbit and frame feeds every product of the frame. Everything follows from the product
id, so two machines write the same weather; but for the last digits, which differ between
processors, and with them the sizes of compressed chunks. The files say in their ``Notes`` that they
are synthetic. What writes them is in `earthcare_synthetic.granules`; what is here is quick to
import.
"""

from earthcare_synthetic.naming import can_write, picture_name
from earthcare_synthetic.notes import NOTES, SCENE_VERSION

__all__ = ["NOTES", "SCENE_VERSION", "can_write", "picture_name"]
