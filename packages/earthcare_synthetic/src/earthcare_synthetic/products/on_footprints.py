"""What the products of BBR share: its footprints along the track."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radiometer.broadband import Strip, make_strip
from earthcare_synthetic.instruments.radiometer.footprints import FOOTPRINTS, Footprint
from earthcare_synthetic.instruments.radiometer.views import Records, measure

#: Codes of the quality of a radiance or of the flux of one view.
GOOD, DOUBTFUL, INVALID = 0, 1, 2


def resolutions(
    product: GranuleId, frame: Frame
) -> Iterator[tuple[str, Footprint, Strip, Records]]:
    """Name, footprint and records of each resolution, with the pixels that they are means of.

    The noise is that of the measurement, so that both products of a frame agree on it.
    """
    strip = make_strip(product, frame)
    swath = frame.scene.swath
    for name, footprint in FOOTPRINTS.items():
        rng = np.random.default_rng([*swath.canvas.seed, crc32(name.encode())])
        yield name, footprint, strip, measure(swath, frame.curtain.track, strip, footprint, rng)


def solar_quality(records: Records) -> np.ndarray:
    """Quality of solar values (record, view): doubtful at low Sun, invalid in the dark."""
    zenith = records.solar_zenith
    codes = np.where(records.sunlit[:, None], np.where(zenith > 75, DOUBTFUL, GOOD), INVALID)
    return codes.astype(np.int8)
