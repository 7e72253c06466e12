"""What every product on the pixels of MSI shares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions, msi_grid
from earthcare_synthetic.scene.swath import Swath

Array = npt.NDArray[Any]
#: The columns in which the detector sees the Earth.
SEEN = slice(msi_grid.FIRST_COLUMN, msi_grid.LAST_COLUMN + 1)


def sizes(swath: Swath) -> dict[str, int]:
    """Dimensions of a swath."""
    lines, columns = swath.canvas.shape
    return {"along_track": lines, "across_track": columns}


def geolocation(swath: Swath) -> Iterator[tuple[str, Array]]:
    """Time and place of the pixels, by name of variable."""
    yield "time", np.asarray(swath.time) + conventions.LEAP_SECONDS
    yield "latitude", inside(swath.latitude)
    yield "longitude", inside(swath.longitude)
    yield "geoid_offset", np.asarray(swath.geoid)


def inside(values: Array, fill: float = np.nan) -> Array:
    """The same with fill in the columns where the detector sees nothing."""
    out = np.full(values.shape, fill, values.dtype)
    out[..., SEEN] = values[..., SEEN]
    return out
