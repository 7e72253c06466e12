"""What the cloud mask of MSI says: cloudy or clear, which type and phase, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import BYTE_FILL
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.instruments.imager.cloud_retrieval import (
    BLOCK,
    TWILIGHT,
    Clouds,
    processing_canvas,
    seen_layer,
)
from earthcare_synthetic.layout import QUALITY_NO_RETRIEVAL
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Field, Mask, noise
from earthcare_synthetic.scene.lines import cut, pieces

Codes = npt.NDArray[np.int8]

CLEAR, PROBABLY_CLEAR, PROBABLY_CLOUDY, CLOUDY = range(4)
WATER, ICE, SUPERCOOLED = 1, 2, 3
#: Bits of the quality statuses.
POOR, LOW, MEDIUM, HIGH = 2, 4, 8, 16
#: Limits of the cloud types of ISCCP: heights in m and optical thickness (Rossow and Schiffer,
#: doi:10.1175/1520-0477(1999)080<2261:AIUCFI>2.0.CO;2); types by height and by thickness.
TYPE_HEIGHTS, TYPE_THICKNESSES = (3200.0, 6500.0), (3.6, 23.0)
TYPES = np.array([[1, 4, 7], [2, 5, 8], [3, 6, 9]], np.int8)
#: Without sunlight all clouds thicker than this look alike.
INFRARED_LIMIT = 8.0
#: Optical thickness of what is barely seen.
TRACE = 0.08


@dataclass(frozen=True)
class CloudMask:
    """Codes of M-CM on the pixels of MSI; -127 where a status is not determined."""

    mask: Codes
    type: Codes
    phase: Codes
    mask_quality: Codes
    type_quality: Codes
    phase_quality: Codes


def classify(product: GranuleId, scene: Scene, clouds: Clouds) -> CloudMask:
    """Classify the pixels of a scene, in agreement with what was retrieved from it.

    A pixel with a retrieval is cloudy; beside these there are thin edges and veils that are
    probably cloudy, and suspect pixels around them. Types follow ISCCP from the retrieved height
    and optical thickness, phases from the temperature at the top of the cloud.
    """
    own = processing_canvas(product, scene)
    doubt = noise(own, "doubt", 4, 5 / 3)
    found = {field.name: np.empty(own.shape, np.int8) for field in fields(CloudMask)}
    for lines in pieces(own.shape[0], BLOCK):
        piece = _classify_lines(cut(scene, lines), cut(clouds, lines), doubt[lines])
        for name, values in found.items():
            values[lines] = getattr(piece, name)
    return CloudMask(**found)


def cloud_type(optical_thickness: Field, height: Field) -> Codes:
    """Cloud type of ISCCP from optical thickness and height of the top in m."""
    row, column = (
        np.digitize(height, TYPE_HEIGHTS),
        np.digitize(optical_thickness, TYPE_THICKNESSES),
    )
    return np.asarray(TYPES[row, column])


def near_cloud(mask: Codes, reach: int) -> Mask:
    """Pixels with cloud, or probable cloud, within `reach` lines and columns."""
    near = mask >= PROBABLY_CLOUDY
    for axis in (0, 1):
        grown = near.copy()
        for shift in range(1, reach + 1):
            for step in (-shift, shift):
                grown |= np.roll(near, step, axis)
        near = grown
    return near


def _classify_lines(scene: Scene, clouds: Clouds, doubt: Field) -> CloudMask:
    layer = seen_layer(scene)
    retrieved = clouds.quality != QUALITY_NO_RETRIEVAL
    weak = (layer.total > TRACE) & (layer.total * np.exp(0.5 * doubt) > 2 * TRACE)
    mask = np.select(
        (retrieved & ((layer.total > 1.0) | (doubt > -0.3)), retrieved | weak,
         (layer.total > 0.5 * TRACE) | (doubt > 2.6)),
        (CLOUDY, PROBABLY_CLOUDY, PROBABLY_CLEAR),
        CLEAR,
    )  # fmt: skip
    cloudy = mask >= PROBABLY_CLOUDY

    # Where the retrieval gave up, the mask goes by the layer itself.
    sunlit = scene.swath.solar_zenith < TWILIGHT
    height = np.where(np.isnan(clouds.top_height), layer.top, clouds.top_height)
    tau = np.where(np.isnan(clouds.optical_thickness), layer.total, clouds.optical_thickness)
    tau = np.where(sunlit, tau, np.minimum(layer.total, INFRARED_LIMIT))
    kind = np.where(cloudy, cloud_type(tau, height), 0)

    frozen = layer.ice | (layer.optical_thickness <= 0) & (scene.high.optical_thickness > 0)
    warm = scene.atmosphere.temperature(layer.top) > 273.15
    phase = np.select((~cloudy, frozen, warm), (BYTE_FILL, ICE, WATER), SUPERCOOLED)

    sure = np.abs(doubt) < 1.6
    mask_quality = np.where(((mask == CLOUDY) | (mask == CLEAR)) & sure, HIGH, MEDIUM)
    limits = np.log(np.maximum(tau, 1e-2)), height
    near_limit = np.zeros(doubt.shape, bool)
    for limit in TYPE_THICKNESSES:
        near_limit |= np.abs(limits[0] - np.log(limit)) < 0.1
    for limit in TYPE_HEIGHTS:
        near_limit |= np.abs(limits[1] - limit) < 150
    type_quality = np.where(cloudy & near_limit, LOW, np.where(cloudy & ~sunlit, MEDIUM, HIGH))
    type_quality = np.where((mask == PROBABLY_CLOUDY) & (doubt < -1), POOR, type_quality)
    phase_quality = np.where(layer.total > 2, HIGH, np.where(layer.total > 0.5, MEDIUM, LOW))
    return CloudMask(
        mask=mask.astype(np.int8),
        type=kind.astype(np.int8),
        phase=phase.astype(np.int8),
        mask_quality=mask_quality.astype(np.int8),
        type_quality=type_quality.astype(np.int8),
        phase_quality=np.where(cloudy, phase_quality, BYTE_FILL).astype(np.int8),
    )
