"""What MSI tells of aerosol: its optical thickness by day, where there is no cloud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.instruments.imager.cloud_mask import (
    PROBABLY_CLOUDY,
    Codes,
    classify,
    near_cloud,
)
from earthcare_synthetic.instruments.imager.cloud_retrieval import processing_canvas, retrieve
from earthcare_synthetic.instruments.imager.radiance import SOLAR, ground_albedo
from earthcare_synthetic.instruments.imager.viewing import Viewing, in_glint
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Field, Mask, noise
from earthcare_synthetic.scene.haze import Haze
from earthcare_synthetic.scene.surface import Surface

#: Largest solar zenith angle of a retrieval, in degrees.
LOW_SUN = 74.0
#: Land brighter than this at 670 nm hides its aerosol.
BRIGHT = 0.125
#: Haze thicker than this counts as cloud, as the look-up tables end there.
THICKEST = 0.6
#: Pixels from the next cloud that are left out.
CLOUD_DISTANCE = 3
#: Bits of `quality_mask`.
(SUSPICIOUS, WATER, LAND, EDGE, CLOUD, CONVERGED, HOMOGENEOUS, ODD_ANGSTROM, LINES_MISSING,
 TOO_BRIGHT) = (1 << bit for bit in range(1, 11))  # fmt: skip
NO_RETRIEVAL = 4


@dataclass(frozen=True)
class Aerosol:
    """Retrieved aerosol; NaN where there is no retrieval, at 865 nm and its exponent on land."""

    optical_thickness_670nm: Field
    optical_thickness_670nm_error: Field
    optical_thickness_865nm: Field
    optical_thickness_865nm_error: Field
    angstrom_670nm_865nm: Field
    angstrom_355nm_670nm: Field
    surface_reflectance: Field
    surface_reflectance_error: Field
    quality_mask: npt.NDArray[np.int16]
    quality: npt.NDArray[np.int8]


def retrieve_aerosol(
    product: GranuleId, scene: Scene, surface: Surface, haze: Haze, angles: Viewing
) -> Aerosol:
    """Retrieve aerosol over sea and over dark land.

    Cloud and the pixels beside it, ice, snow, bright land and the glitter of the Sun have none;
    errors are smaller over sea (Docter et al., doi:10.5194/amt-17-2507-2024).
    """
    mask, lost = _mask(product, scene)
    cloudy = mask >= PROBABLY_CLOUDY
    edge = near_cloud(mask, CLOUD_DISTANCE) & ~cloudy
    land = np.asarray(surface.land)
    reflectance = ground_albedo(SOLAR[0], surface)
    sunlit = angles.solar_zenith < LOW_SUN
    bright = land & (reflectance > BRIGHT)
    usable = sunlit & ~cloudy & ~edge & ~lost[:, None]
    at_sea = usable & ~land & (surface.sea_ice < 0.02) & ~in_glint(angles)
    on_land = usable & land & ~bright & (surface.snow < 0.05)
    own = processing_canvas(product, scene)
    grain = noise(own, "aerosol retrieval", 3, 5 / 3)
    truth = haze.optical_thickness_670nm
    error = np.where(land, 0.025 + 0.22 * truth, 0.006 + 0.06 * truth)
    error = np.minimum(error * np.exp(0.15 * grain), 0.279)
    depth = np.maximum(truth + 0.5 * error * grain, 0.001)
    at_sea, on_land = at_sea & (depth < THICKEST), on_land & (depth < THICKEST)
    valid = at_sea | on_land
    long = np.clip(haze.angstrom_670nm_865nm + 0.06 * grain, 0.499, 2.399)
    depth_865 = depth * np.exp(-long * np.float32(np.log(865 / 670)))
    error_865 = np.minimum(0.001 + 0.012 * depth_865, 0.006)

    def keep(field: Field, where: Mask) -> Field:
        return np.where(where, field, np.float32(np.nan)).astype(np.float32)

    even = np.abs(grain) < 1.0
    bits = np.where(land, LAND, WATER) | (np.where(cloudy, CLOUD, 0) | np.where(edge, EDGE, 0))
    bits |= np.where(valid, CONVERGED, 0) | np.where(valid & even, HOMOGENEOUS, 0)
    bits |= np.where(at_sea & (np.abs(grain) > 2.8), ODD_ANGSTROM, 0)
    bits |= np.where(bright & (surface.desert < 0.5) & (surface.snow < 0.05), TOO_BRIGHT, 0)
    bits |= np.where(~valid & ~cloudy & ~edge, SUSPICIOUS, 0)
    bits = np.where(sunlit, bits, SUSPICIOUS)
    bits[1:] |= np.where(lost[:-1] & ~lost[1:], LINES_MISSING, 0)[:, None]
    return Aerosol(
        keep(depth, valid),
        keep(error, valid),
        keep(depth_865, at_sea),
        keep(error_865, at_sea),
        keep(long, at_sea),
        keep(np.clip(haze.angstrom_355nm_670nm, 0.676, 1.771), valid),
        keep(reflectance, on_land),
        keep(0.018 + 0.1 * reflectance, on_land),
        bits.astype(np.int16),
        np.select((~valid, ~even & land, ~even | land), (NO_RETRIEVAL, 2, 1), 0).astype(np.int8),
    )


def _mask(product: GranuleId, scene: Scene) -> tuple[Codes, Mask]:
    """Cloud mask, and lines that are lost; all else that was retrieved is let go."""
    clouds = retrieve(product, scene)
    return classify(product, scene, clouds).mask, clouds.lost
