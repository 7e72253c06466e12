"""MSI_COP_2A (M-COP): cloud optical and physical properties on the MSI swath."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.products.on_swath import Array, geolocation, inside, sizes
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group

#: Variables of the file whose values are fields of `Clouds`. The errors of height and pressure are
#: fill everywhere, as in the real files.
RETRIEVED = {
    "cloud_optical_thickness": "optical_thickness",
    "cloud_effective_radius": "effective_radius",
    "cloud_water_path": "water_path",
    "cloud_optical_thickness_error": "optical_thickness_error",
    "cloud_effective_radius_error": "effective_radius_error",
    "cloud_water_path_error": "water_path_error",
    "cloud_top_pressure": "top_pressure",
    "cloud_top_temperature": "top_temperature",
    "cloud_top_height": "top_height",
    "cloud_top_temperature_error": "top_temperature_error",
}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group(
        "ScienceData",
        read_table("MSI_COP_2A"),
        sizes(frame.scene.swath),
        _fields(product, frame),
    )


def _fields(product: GranuleId, frame: Frame) -> Iterator[tuple[str, Array]]:
    swath = frame.scene.swath
    yield from geolocation(swath)
    yield "surface_elevation", inside(swath.elevation)
    yield "land_flag", inside(swath.land.astype(np.int8), conventions.BYTE_FILL)
    clouds = retrieve(product, frame.scene)
    yield "quality_status", inside(clouds.quality, conventions.BYTE_FILL)
    for name, retrieved in RETRIEVED.items():
        yield name, inside(getattr(clouds, retrieved))
