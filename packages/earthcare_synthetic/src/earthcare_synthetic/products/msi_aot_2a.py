"""MSI_AOT_2A (M-AOT): aerosol optical thickness on the MSI swath."""

from __future__ import annotations

from collections.abc import Iterator

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.aerosol_retrieval import retrieve_aerosol
from earthcare_synthetic.instruments.imager.viewing import viewing
from earthcare_synthetic.products.on_swath import Array, geolocation, inside, sizes
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.haze import make_haze
from earthcare_synthetic.scene.surface import make_surface

#: Variables of the file whose values are fields of `Aerosol`.
RETRIEVED = {
    "aerosol_optical_thickness_670nm": "optical_thickness_670nm",
    "aerosol_optical_thickness_865nm": "optical_thickness_865nm",
    "aerosol_optical_thickness_670nm_error": "optical_thickness_670nm_error",
    "aerosol_optical_thickness_865nm_error": "optical_thickness_865nm_error",
    "angstrom_parameter_670nm_865nm": "angstrom_670nm_865nm",
    "angstrom_parameter_355nm_670nm": "angstrom_355nm_670nm",
    "surface_reflectance_670nm": "surface_reflectance",
    "surface_reflectance_670nm_error": "surface_reflectance_error",
}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file.

    It has a dimension of four aerosol components; the name of the variable that uses it is not
    public, so there is none.
    """
    dimensions = sizes(frame.scene.swath) | {"aerosol_components": 4}
    yield Group("ScienceData", read_table("MSI_AOT_2A"), dimensions, _fields(product, frame))


def _fields(product: GranuleId, frame: Frame) -> Iterator[tuple[str, Array]]:
    scene, swath = frame.scene, frame.scene.swath
    yield from geolocation(swath)
    angles = viewing(swath)
    yield "viewing_zenith_angle", inside(angles.sensor_zenith)
    haze = make_haze(frame.curtain, swath)
    found = retrieve_aerosol(product, scene, make_surface(scene), haze, angles)
    yield "quality_mask", inside(found.quality_mask, conventions.SHORT_FILL)
    yield "quality_status", inside(found.quality, conventions.BYTE_FILL)
    for name, retrieved in RETRIEVED.items():
        yield name, inside(getattr(found, retrieved))
