"""The uppermost cloud in the profiles of ATLID: how high, how sure, thin or thick."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import BYTE_FILL
from earthcare_synthetic.instruments.averaging import box_sum
from earthcare_synthetic.instruments.lidar.features import (
    ATTENUATED,
    CLOUDS,
    MISSING,
)
from earthcare_synthetic.scene.fractal import Field, Mask

#: Observed: profiles over which A-CTH averages.
WINDOW = 11
#: Optical depth of a cloud from which it is thick, as a passive imager would see it.
THICK = 0.8
#: Classes of the uppermost cloud: of one layer, and of one above another.
NO_CLOUD, THICK_CLOUD, THIN_CLOUD, THIN_OVER_THICK, THICK_OVER_THICK, THIN_OVER_THIN = range(6)
#: Cloud takes the light away, yet no top was found.
INFLUENCED = 6
#: Bins without cloud that part two layers.
GAP = 4
#: Quality: no cloud, good, valid with low confidence, warning for thin cloud, bad.
CLOUDLESS, GOOD, UNSURE, FAINT, BAD = -1, 0, 1, 2, 4
#: Confidence from which a top is good; its largest value.
SURE, CERTAIN = 6, 10

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class CloudTop:
    """Heights (profile,) in m above the ellipsoid, NaN without cloud, and codes of A-CTH."""

    height: Field
    thick_height: Field
    confidence: Codes
    kind: Codes
    quality: Codes


def find_cloud_top(height: Field, simple: Codes, extinction: Field) -> CloudTop:
    """Find cloud tops in what was seen of each profile.

    The processor looks at means over eleven profiles (Wandinger et al.,
    doi:10.5194/amt-16-4031-2023), so a top needs company: the share of its neighbours that hold
    cloud at its height is the confidence.

    Parameters
    ----------
    height, simple, extinction : ndarray
        Bins (profile, bin) from above: height in m, simple class, extinction in m-1.
    """
    cloud = np.isin(simple, CLOUDS)
    company = box_sum(cloud, WINDOW, 3) / (3 * WINDOW)
    solid = cloud & (company > 0.1)
    found = np.asarray(solid.any(axis=1))
    first = solid.argmax(axis=1)
    rows = np.arange(len(height))
    depth = np.maximum(-np.diff(height, axis=1, append=height[:, -1:] - 103), 0)
    thickness = np.where(cloud, np.nan_to_num(extinction), 0) * depth
    top = np.where(found, height[rows, first], np.nan)
    confidence = np.clip(np.ceil(CERTAIN * 1.6 * company[rows, first]), 1, CERTAIN)
    missing = np.asarray(simple[:, 0] == MISSING)

    kind, thick_top = _kinds(height, cloud, thickness, first, found)
    hidden = (simple == ATTENUATED).any(axis=1) & ~found & ~missing
    kind = np.where(hidden, INFLUENCED, kind)
    faint = np.isin(kind, (THIN_CLOUD, THIN_OVER_THIN))
    quality = np.select(
        [missing | hidden, ~found, confidence < SURE, faint & (confidence < CERTAIN)],
        [BAD, CLOUDLESS, UNSURE, FAINT],
        GOOD,
    )
    return CloudTop(
        height=top.astype(np.float32),
        thick_height=thick_top.astype(np.float32),
        confidence=np.where(found, confidence, BYTE_FILL).astype(np.int8),
        kind=kind.astype(np.int8),
        quality=quality.astype(np.int8),
    )


def _kinds(
    height: Field,
    cloud: Mask,
    thickness: Field,
    first: npt.NDArray[np.intp],
    found: Mask,
) -> tuple[Codes, Field]:
    """Class of the uppermost cloud, and the height of the uppermost thick one."""
    rows, bins = np.arange(len(height)), np.arange(height.shape[1])
    below = bins >= first[:, None]
    empty = below & ~cloud
    # The layer ends at the first gap: so many bins without cloud.
    gap = below & (box_sum(empty, 1, 2 * GAP + 1) > 2 * GAP + 0.5)
    end = np.where(gap.any(axis=1), gap.argmax(axis=1), height.shape[1])
    in_first = below & (bins < end[:, None])
    upper = np.where(in_first, thickness, 0).sum(axis=1)
    under = np.where(below & ~in_first, thickness, 0).sum(axis=1)
    thick_below = under > THICK
    kind = np.select(
        [
            ~found,
            (under == 0) & (upper >= THICK),
            under == 0,
            thick_below & (upper >= THICK),
            thick_below,
        ],
        [NO_CLOUD, THICK_CLOUD, THIN_CLOUD, THICK_OVER_THICK, THIN_OVER_THICK],
        THIN_OVER_THIN,
    )
    kind = np.where((kind == THIN_OVER_THIN) & (upper >= THICK), THICK_CLOUD, kind)
    is_thick = np.isin(kind, (THICK_CLOUD, THICK_OVER_THICK))
    second = (below & ~in_first & cloud).argmax(axis=1)
    top = height[rows, np.where(is_thick, first, second)]
    return kind.astype(np.int8), np.where(
        found & (is_thick | (kind == THIN_OVER_THICK)), top, np.nan
    )
