"""MSI_CM__2A (M-CM): cloud mask, type and phase on the MSI swath."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.cloud_mask import classify
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.instruments.imager.viewing import in_glint, viewing
from earthcare_synthetic.products.on_swath import Array, geolocation, inside, sizes
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.surface import Surface, make_surface

#: Bits of `surface_classification`. Observed: bits 15 and 0 are set in every pixel.
ALWAYS = 1 << 15 | 1
WATER, LAND, DESERT, GREEN, SNOW, SNOW_INDEX, SEA_ICE, GLINT = (1 << bit for bit in range(1, 9))


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group(
        "ScienceData",
        read_table("MSI_CM__2A"),
        sizes(frame.scene.swath),
        _fields(product, frame),
    )


def _fields(product: GranuleId, frame: Frame) -> Iterator[tuple[str, Array]]:
    scene, swath = frame.scene, frame.scene.swath
    yield from geolocation(swath)
    clouds = retrieve(product, scene)
    found = classify(product, scene, clouds)
    quality = np.minimum(np.where(found.mask_quality == 16, 0, 1) + (found.type_quality < 8), 3)
    for name, values in {
        "quality_status": quality.astype(np.int8),
        "cloud_mask": found.mask,
        "cloud_type": found.type,
        "cloud_phase": found.phase,
        "cloud_mask_quality_status": found.mask_quality,
        "cloud_type_quality_status": found.type_quality,
        "cloud_phase_quality_status": found.phase_quality,
    }.items():
        yield name, inside(_without_lost_lines(values, clouds.lost), conventions.BYTE_FILL)
    glint = in_glint(viewing(swath))
    yield (
        "surface_classification",
        inside(_surface(make_surface(scene), glint), conventions.SHORT_FILL),
    )


def _without_lost_lines(values: Array, lost: Array) -> Array:
    return np.where(lost[:, None], np.int8(conventions.BYTE_FILL), values)


def _surface(surface: Surface, glint: Array) -> Array:
    """The bits of each pixel: water with ice or glint, or land with what covers it."""
    land = np.asarray(surface.land)
    bits = np.where(land, LAND, WATER)
    bits += np.where(surface.desert > 0.5, DESERT, 0) + np.where(surface.green > 0.45, GREEN, 0)
    bits += np.where(surface.snow > 0.5, SNOW | SNOW_INDEX, 0)
    bits += np.where(surface.sea_ice > 0.5, SEA_ICE, 0)
    bits += np.where(~land & (surface.sea_ice <= 0.5) & glint, GLINT, 0)
    return (bits | ALWAYS).astype(np.uint16).view(np.int16)
